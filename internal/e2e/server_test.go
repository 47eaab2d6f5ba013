package e2e

import (
	"regexp"
	"testing"

	"github.com/nats-io/nats.go"
)

// The server goes away in the middle of a window, and with it the gate, in whose
// process it is embedded. Coordinator and hasher wait for it and go on.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*process){"killed": (*process).kill, "stopped": (*process).stop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool {
				scene := newScene(t)
				store := t.TempDir()
				server := scene.run("ers-gate", "--no-token", "--listen", "127.0.0.1:0", "--store", store)
				address := server.address()
				s := scene.connect("nats://" + address)
				coordinator, hasher := s.start("ers-coordinator"), s.start("ers-hasher")
				window := s.submit(drilled)
				for i, percent := range []int{10, 30} {
					progressOf["ers-coordinator"].await(s, drilled, percent)
					end(server)
					s.awaitStatus(nats.RECONNECTING)
					coordinator.awaitLogs("connection to NATS lost", i+1)
					hasher.awaitLogs("connection to NATS lost", i+1)
					if coordinator.log.count("window is complete") > 0 {
						return false
					}
					server = scene.run("ers-gate", "--no-token", "--listen", address, "--store", store)
					s.awaitStatus(nats.CONNECTED)
				}
				s.checkWindow(drilled, window)
				return true
			})
		})
	}
}

// All in one process, server and services, is killed and stopped in the middle of a
// window.
func TestUp(t *testing.T) {
	t.Parallel()
	midway(t, func() bool {
		scene := newScene(t)
		args := []string{"up", "--no-token", "--store", t.TempDir(), "--http=", "--listen"}
		up := scene.run("ers", append(args, "127.0.0.1:0")...)
		address := up.address()
		s := scene.connect("nats://" + address)
		window := s.submit(drilled)
		for i, percent := range []int{10, 30} {
			progressOf["ers-coordinator"].await(s, drilled, percent)
			if i == 0 {
				up.kill()
			} else {
				up.stop()
			}
			s.awaitStatus(nats.RECONNECTING)
			if up.log.count("window is complete") > 0 {
				return false
			}
			up = scene.run("ers", append(args, address)...)
			s.awaitStatus(nats.CONNECTED)
		}
		s.checkWindow(drilled, window)
		return true
	})
}

// address waits until a process says where its server listens.
func (p *process) address() string {
	p.t.Helper()
	p.awaitLog("nats://127.0.0.1:")
	address := regexp.MustCompile(`nats://([0-9.:]+)`).FindStringSubmatch(p.log.String())
	if address == nil {
		p.t.Fatal("the server does not log its address")
	}
	return address[1]
}
