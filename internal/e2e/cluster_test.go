//go:build cluster && unix

// Storms on three servers whose streams have three replicas:
//
//	go test -tags cluster -run Cluster ./internal/e2e
//	go test -tags cluster -run Cluster ./internal/e2e -rounds 20

package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

var rounds = flag.Int("rounds", 2, "how often everything happens to a cluster")

const nodes = 3

// cluster is a storm on three servers, each of which reaches the others through pipes.
type cluster struct {
	*storm
	servers []*slot
	pipes   [nodes][nodes]*bustest.Pipe // from one server to another
	bus     *bus.Bus
	at      [nodes]*bus.Bus // each on one server
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{storm: newStorm(t)}
	var clients, routes [nodes]string
	for i := range nodes {
		clients[i], routes[i] = freeAddress(t), freeAddress(t)
	}
	for i := range nodes {
		var to []string
		for j := range nodes {
			if i != j {
				c.pipes[i][j] = bustest.NewPipe(t, routes[j])
				to = append(to, "nats://"+c.pipes[i][j].Address())
			}
		}
		// Nobody is told an address beside the pipes and proxies.
		config := fmt.Sprintf(`server_name: node-%d
listen: %q
jetstream {store_dir: %q}
cluster {name: storm, listen: %q, advertise: "127.0.0.1:1", no_advertise: true, routes: ["%s"]}
`, i, clients[i], t.TempDir(), routes[i], strings.Join(to, `", "`))
		c.servers = append(c.servers, c.add(fmt.Sprint("node-", i), func() *process { return c.startServer(fmt.Sprint("node-", i), config) }))
		c.behind(clients[i])
	}
	c.createStreams(c.url, nodes)
	c.bus = bustest.Connect(t, c.url)
	for i, proxy := range c.proxies {
		c.at[i] = bustest.Connect(t, proxy.URL())
	}
	c.services(2)
	return c
}

// info is how the cluster is with a stream. What is asked of a server that goes away gets
// no answer.
func (c *cluster) info(b *bus.Bus, stream string) (*jetstream.ClusterInfo, error) {
	ctx, stop := context.WithTimeout(c.ctx, time.Second)
	defer stop()
	s, err := b.JetStream().Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	return s.CachedInfo().Cluster, nil
}

// leaderAt is the place of the leader of a stream as one server sees it, -1 when it does
// not know of any.
func (c *cluster) leaderAt(node int, stream string) (leader int) {
	info, err := c.info(c.at[node%nodes], stream)
	if err == nil {
		_, err = fmt.Sscanf(info.Leader, "node-%d", &leader)
	}
	if err != nil {
		return -1
	}
	return leader
}

// leader waits until some server knows the leader of a stream.
func (c *cluster) leader(stream string) int {
	c.t.Helper()
	for node := 0; c.ctx.Err() == nil; node++ {
		if leader := c.leaderAt(node, stream); leader >= 0 {
			return leader
		}
		c.sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("%s has no leader", stream)
	return 0
}

// progress waits until a window more has its verdict.
func (c *cluster) progress(what string) {
	c.t.Helper()
	begun := time.Now()
	_, before, err := c.count(c.ctx, c.bus)
	for now := before; err != nil || now <= before; _, now, err = c.count(c.ctx, c.bus) {
		if c.ctx.Err() != nil {
			c.t.Fatalf("%s: nothing gets on: %v", what, err)
		}
		if before == 0 && err == nil {
			before = now
		}
		c.sleep(50 * time.Millisecond)
	}
	c.t.Logf("%s: the next verdict after %v", what, time.Since(begun).Round(10*time.Millisecond))
}

// part cuts a server off from the others, or no more.
func (c *cluster) part(node int, parted bool) {
	for other := range nodes {
		if other == node {
			continue
		}
		for _, pipe := range []*bustest.Pipe{c.pipes[node][other], c.pipes[other][node]} {
			if parted {
				pipe.Part()
			} else {
				pipe.Heal()
			}
		}
	}
}

// back starts a server again, and waits until its copies are as far as the others.
func (c *cluster) back(s *slot) {
	c.t.Helper()
	s.p = s.start()
	c.current()
}

// current waits until all replicas of all streams are there and up to date.
func (c *cluster) current() {
	c.t.Helper()
	behind := ""
	for c.ctx.Err() == nil {
		behind = ""
		for _, stream := range []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz} {
			if info, err := c.info(c.bus, stream); err != nil || !all(info) {
				behind = fmt.Sprintf("%s: %+v, %v", stream, info, err)
			}
		}
		if behind == "" {
			return
		}
		c.sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("some replicas stay behind: %s", behind)
}

func all(info *jetstream.ClusterInfo) bool {
	for _, r := range info.Replicas {
		if r.Offline || r.Lag > 100 { // under load they are always a little behind
			return false
		}
	}
	return info.Leader != "" && len(info.Replicas) == nodes-1
}

// Leaders are killed, servers go and come back, are cut off and restarted one after the
// other, under load, with the services: nothing is lost, nothing is there twice, and no
// verdict is wrong.
func TestCluster(t *testing.T) {
	c := newCluster(t)
	c.during(func() {
		c.progress("at the start")
		for range *rounds {
			for _, stream := range []string{events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamWindow} {
				if victim := c.servers[c.leader(stream)]; c.random.IntN(2) == 0 {
					c.kill(victim, 0)
					c.progress("without the leader of " + stream)
					c.back(victim)
				}
			}
			cut := c.leader(events.StreamTrace)
			c.part(cut, true)
			for c.ctx.Err() == nil && slices.Contains([]int{-1, cut}, c.leaderAt(cut+1, events.StreamTrace)) {
				c.sleep(100 * time.Millisecond)
			}
			c.pause(3 * time.Second) // the others get on; who is connected to this one waits
			c.part(cut, false)
			c.current()
			c.progress("after the leader of ERS_TRACE was cut off")
			for _, s := range c.servers { // a rolling restart
				s.p.stop()
				c.back(s)
			}
			c.progress("after a rolling restart")
			for _, x := range c.slots[nodes:] {
				if c.random.IntN(2) == 0 {
					c.kill(x, 0)
				}
			}
			c.revive(time.Now())
		}
	})
}

// Without a majority of servers the services wait, say so when they are asked, log it once,
// and go on by themselves. One that is started while there is no server waits.
func TestClusterQuorum(t *testing.T) {
	c := newCluster(t)
	c.during(func() {
		c.progress("at the start")
		for _, s := range c.servers[:2] {
			c.kill(s, 0)
		}
		for _, name := range services {
			c.unwell(name)
		}
		c.sleep(5 * time.Second) // for more of what should be said once
		for _, x := range c.slots[nodes:] {
			said := make(map[string]int)
			for line := range strings.Lines(x.p.log.String()) {
				var entry struct{ Level, Message, Error string }
				if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "warn" && strings.Contains(entry.Message, "interrupted") {
					said[strings.SplitN(entry.Message, ":", 2)[0]+entry.Error]++
				}
			}
			for text, n := range said {
				if n > 2 { // once, and once more when the reason comes back
					t.Errorf("%s has said %d times: %s", x.name, n, text)
				}
			}
		}
		c.kill(c.servers[2], 0)
		late := c.run("ers-hasher", "--nats", c.url)
		late.awaitLog("waiting for the server")
		c.revive(time.Now())
		late.awaitLog(`"started"`)
		c.current()
		c.progress("with a majority again")
	})
}

// unwell waits until a service says of itself that it cannot do its work.
func (c *cluster) unwell(name string) {
	c.t.Helper()
	for c.ctx.Err() == nil {
		out, err := command(name, "--health", "--nats", c.url).CombinedOutput()
		if err != nil && strings.Contains(string(out), " for ") {
			c.t.Logf("%s", strings.TrimSpace(string(out)))
			return
		}
		c.sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("%s says that it is well", name)
}
