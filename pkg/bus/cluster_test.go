//go:build cluster

// Tests on three servers with three replicas, which take longer than the others:
//
//	go test -tags cluster -run Cluster ./pkg/bus

package bus_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

const replicas = 3

// startCluster starts servers that know each other and waits for a leader that knows them
// all: before, it has no place for three replicas.
func startCluster(t *testing.T) (servers []*server.Server, urls string) {
	t.Helper()
	var routes []*url.URL
	for range replicas {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		l.Close()
	}
	var all []string
	for i, route := range routes {
		var port int
		if _, err := fmt.Sscan(route.Port(), &port); err != nil {
			t.Fatal(err)
		}
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("server-", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		servers, all = append(servers, s), append(all, s.ClientURL())
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		for _, s := range servers {
			if len(s.JetStreamClusterPeers()) == replicas {
				return servers, strings.Join(all, ",")
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster has no leader that knows all servers")
		}
	}
}

func TestCluster(t *testing.T) {
	servers, urls := startCluster(t)
	open := func() *bus.Bus {
		return bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir, c.Replicas = urls, "", replicas })
	}
	one, other := open(), open()

	t.Run("one winner", func(t *testing.T) {
		var last uint64
		for round := range 50 {
			last = race(t, round, func(writer int) (uint64, error) {
				return one.Append(t.Context(), trace(0), last, fmt.Appendf(nil, "%d by %d", round, writer))
			})
		}
	})
	t.Run("one verdict", func(t *testing.T) {
		for round := range 50 {
			race(t, round, func(writer int) (uint64, error) {
				outcome := []events.Outcome{events.Pass, events.Fail, events.Inconclusive}[writer%3]
				subject := events.VerdictSubject(outcome, "p", uint64(round))
				return one.AppendOnce(t.Context(), subject, events.VerdictGuard("p", uint64(round)), fmt.Append(nil, writer))
			})
		}
	})
	t.Run("what one wrote another sees", func(t *testing.T) {
		for i := range 50 {
			seq := mustAppend(t, one, trace(1), seqBefore(t, other, trace(1)), fmt.Sprint(i))
			if m, err := other.Last(t.Context(), events.StreamTrace, trace(1)); err != nil || m.Seq != seq {
				t.Fatalf("wrote %d, got %d, %v", seq, m.Seq, err)
			}
			sha, err := one.PutObject(t.Context(), fmt.Append(nil, i))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.GetObject(t.Context(), sha); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("two groups", func(t *testing.T) {
		var writers sync.WaitGroup
		for i, b := range []*bus.Bus{one, other} { // whose messages come between each other's
			g := b.NewGroup()
			g.SetSlow(false)
			for j := range 4 {
				w := g.Writer(trace(30+4*i+j), 0)
				writers.Go(func() { appendEach(t, w, 200) })
			}
		}
		writers.Wait()
		for i := range 8 {
			for j, m := range follow(t, one, trace(30+i), 1, 200) {
				if string(m.Data) != fmt.Sprint(j) {
					t.Fatalf("writer %d, frame %d is %s", i, j, m.Data)
				}
			}
		}
	})
	t.Run("a leader leaves", func(t *testing.T) {
		const n, writers = 1000, 4
		var grouped sync.WaitGroup
		g := one.NewGroup()
		g.SetSlow(false)
		for i := range writers {
			w := g.Writer(trace(10+i), 0)
			grouped.Go(func() { appendEach(t, w, n) })
		}
		go func() {
			var last uint64
			for i := range n {
				if i == n/2 {
					for _, s := range servers {
						if s.JetStreamIsStreamLeader("$G", events.StreamTrace) {
							go s.Shutdown()
						}
					}
				}
				var err error
				if last, err = one.Append(t.Context(), trace(2), last, fmt.Append(nil, i)); err != nil {
					t.Errorf("frame %d: %v", i, err)
					return
				}
			}
		}()
		for i, m := range follow(t, other, trace(2), 1, n) {
			if string(m.Data) != fmt.Sprint(i) {
				t.Fatalf("frame %d is %s", i, m.Data)
			}
		}
		grouped.Wait()
		for i := range writers {
			for j, m := range follow(t, other, trace(10+i), 1, n) {
				if string(m.Data) != fmt.Sprint(j) {
					t.Fatalf("writer %d, frame %d is %s", i, j, m.Data)
				}
			}
		}
	})
}

// race lets writers append at once and returns the sequence of the one that won.
func race(t *testing.T, round int, write func(writer int) (uint64, error)) uint64 {
	t.Helper()
	var won atomic.Uint64
	var wins atomic.Int32
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			seq, err := write(w)
			if err == nil {
				won.Store(seq)
				wins.Add(1)
			} else if !errors.Is(err, bus.ErrConflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Fatalf("round %d has %d winners", round, wins.Load())
	}
	return won.Load()
}

func seqBefore(t *testing.T, b *bus.Bus, subject string) uint64 {
	t.Helper()
	m, err := b.Last(t.Context(), events.StreamTrace, subject)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		t.Fatal(err)
	}
	return m.Seq
}
