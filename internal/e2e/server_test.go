package e2e

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
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
				address := freeAddress(t)
				server := scene.run("ers-gate", "--no-token", "--listen", address, "--store", store)
				server.awaitLog(address)
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
					s.awaitServices("ers-coordinator", "ers-hasher") // else they do not see it go away again
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
		address := freeAddress(t)
		up := scene.run("ers", append(args, address)...)
		up.awaitLog(address)
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

// lastPort is the port that freeAddress gave last.
var lastPort atomic.Int64

// freeAddress is one that a server can listen on, and again after a restart. It is none
// of those that the system gives to connections: one of them could take it in between.
func freeAddress(t *testing.T) string {
	t.Helper()
	const low, high = 20000, 32000
	lastPort.CompareAndSwap(0, low+int64(os.Getpid())%(high-low))
	for range high - low {
		address := fmt.Sprintf("127.0.0.1:%d", low+(lastPort.Add(1)-low)%(high-low))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
