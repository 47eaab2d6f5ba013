package e2e

import (
	"runtime"
	"testing"
)

// A service that is asked to stop in the middle of a window does, and another one
// goes on where it was.
func TestStop(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no SIGTERM")
	}
	for _, service := range services {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool {
				s := newSystem(t)
				first := s.startAll()[service]
				window := s.submit(drilled)
				for _, percent := range []int{0, 30} {
					first.awaitLog(`"started"`)
					progressOf[service].await(s, drilled, percent)
					first.stop()
					if !progressOf[service].unfinished(s, drilled) {
						return false
					}
					first = s.start(service)
				}
				s.checkWindow(drilled, window)
				return true
			})
		})
	}
}
