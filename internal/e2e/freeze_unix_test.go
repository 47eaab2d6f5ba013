//go:build unix

package e2e

import (
	"syscall"
	"testing"
)

// A service that was frozen, as a process is that has no processor or no network for
// a while, wakes up when another one has taken its work and goes on as if nothing had
// happened. It changes nothing.
func TestFreeze(t *testing.T) {
	t.Parallel()
	for _, service := range services {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool {
				s := newSystem(t)
				first := s.startAll()[service]
				window := s.submit(drilled)
				progressOf[service].await(s, drilled, 0)
				first.signal(syscall.SIGSTOP)
				if !progressOf[service].unfinished(s, drilled) {
					first.signal(syscall.SIGCONT)
					return false
				}
				s.start(service)
				progressOf[service].await(s, drilled, 50)
				first.signal(syscall.SIGCONT)
				s.verdict(drilled, window)
				next := s.submit(small)
				s.verdict(small, next)
				first.stop()
				s.checkWindow(drilled, window)
				s.checkWindow(small, next)
				return true
			})
		})
	}
}

func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("%s: %v", p.name(), err)
	}
}
