//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/internal/invariants"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// What is asked of a slow server is answered after twice as long.
var slowness = flag.Duration("slowness", 100*time.Millisecond, "how much later each packet reaches the other side")

// A server that is far away is no trouble: nothing is given up, lost, or there twice, and
// nobody complains.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	server := bustest.NewServer(t)
	s := newStorm(t) // in which nobody is killed
	s.behind(server.URL())
	s.createStreams(server.URL(), 1)
	pipe := bustest.NewPipe(t, strings.TrimPrefix(s.url, "nats://"))
	pipe.Slow(*slowness)
	s.url = "nats://" + pipe.Address()
	s.services(2)
	begun := time.Now()
	s.ask(few, fewDrilled, few)
	near := bustest.Connect(t, server.URL())
	s.settle(near)
	s.check(near, time.Since(begun))
	for _, x := range s.slots {
		for text, n := range complaints(x.p.log.String()) {
			t.Errorf("%s complains %d times: %s", x.name, n, text)
		}
		if out, err := command(x.name, "--health", "--nats", server.URL()).CombinedOutput(); err != nil {
			t.Errorf("%s --health: %v: %s", x.name, err, out)
		}
	}
}

// few ticks, each of which takes the time that an answer takes.
var (
	few        = &pipelineFixture{name: "chain", yaml: chain(3, 4, 10)}
	fewDrilled = &pipelineFixture{name: "chain", yaml: few.yaml, change: func(r *events.WindowRequest) {
		r.Drill = &events.Drill{Run: 1, Tick: 4, Task: "chain", Kind: "value"}
	}}
)

// ask asks for windows, all at once, from where everybody is.
func (s *storm) ask(fixtures ...*pipelineFixture) {
	s.t.Helper()
	b := bustest.Connect(s.t, s.url)
	var group errgroup.Group
	for i, f := range fixtures {
		file := f.file(s.t)
		group.Go(func() error {
			key, err := client.Submit(s.ctx, b, file, f.change)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.want.Windows = append(s.want.Windows, invariants.Window{Number: key.Window, Request: key.Request, Outcome: []string{"pass", "fail", "pass"}[i]})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		s.t.Fatalf("%v: %v", err, context.Cause(s.ctx))
	}
}

// complaints are the warnings and errors of a log, but for verdicts, and how often each was said.
func complaints(log string) map[string]int {
	found := make(map[string]int)
	for line := range strings.Lines(log) {
		var said struct{ Level, Message, Error, Outcome string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Outcome == "" && (said.Level == "warn" || said.Level == "error") {
			found[strings.Join([]string{said.Level, said.Message, said.Error}, ": ")]++
		}
	}
	return found
}
