package faults

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/internal/invariants"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// A lane is a server with one of each service on it, and goes through cases one by one.
type lane struct {
	t       *testing.T
	url     string
	bus     *bus.Bus // nothing goes wrong on it
	asked   int      // windows so far
	running map[string]*keeper
	counted map[string]int // what the one under test has said in the last case, by kind
	want    invariants.Want
}

const yaml = `
name: p
runs: 12
ticks: 3
budget: {forecast: {ops: 9}, shadow: {ops: 9}}
context: {seed: SEED}
tasks:
  - {name: task 0, lane: forecast, starlark: "def run(ctx):\n    return 1"}
`

// newLane starts one whose server syncs before each acknowledgement, or not: then what is
// appended goes in batches.
func newLane(t *testing.T, syncs bool) *lane {
	t.Helper()
	s := bustest.NewServer(t, func(o *server.Options) { o.SyncAlways = syncs })
	l := &lane{t: t, url: s.URL(), bus: bustest.Connect(t, s.URL()), running: map[string]*keeper{}}
	for name := range services {
		l.start(name, bustest.Plan{})
	}
	return l
}

// end ends all services.
func (l *lane) end() {
	for _, k := range l.running {
		k.stop()
	}
	for _, k := range l.running {
		k.end()
	}
}

// start starts a service anew, whose packets meet a plan.
func (l *lane) start(name string, plan bustest.Plan) {
	if k := l.running[name]; k != nil {
		k.end()
		l.remember(k.acked())
	}
	l.running[name] = keep(l.t, name, l.url, plan)
}

func (l *lane) remember(list []bustest.Acked) {
	for _, a := range list {
		l.want.Acked = append(l.want.Acked, invariants.Acked{Stream: a.Stream, Subject: a.Subject, Seq: a.Seq, SHA256: sha256.Sum256(a.Data)})
	}
}

// submit asks for a window that must have an outcome, over a bus. Each has contexts of its
// own, so that there are objects to be put.
func (l *lane) submit(ctx context.Context, b *bus.Bus, outcome events.Outcome) error {
	l.asked++
	path := filepath.Join(l.t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(yaml, "SEED", fmt.Sprint(l.asked), 1)), 0o644); err != nil {
		l.t.Fatal(err)
	}
	f, err := pipeline.Load(path)
	if err != nil {
		l.t.Fatal(err)
	}
	key, err := client.Submit(ctx, b, f, func(r *events.WindowRequest) {
		if outcome == events.Fail {
			r.Drill = &events.Drill{Run: 5, Tick: 1, Task: "task 1", Kind: "value"}
		}
	})
	if err != nil {
		return err
	}
	l.want.Windows = append(l.want.Windows, invariants.Window{Number: key.Window, Request: key.Request, Outcome: string(outcome)})
	return nil
}

// submitter asks for a window while its packets meet a plan, and tells how many did. What
// has failed or died asks again.
func (l *lane) submitter(plan bustest.Plan, outcome events.Outcome) (met int, counts map[string]int) {
	proxy := bustest.NewProxy(l.t, l.url)
	proxy.Meddle(plan)
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	go func() {
		select {
		case <-proxy.Crashed():
			cancel()
		case <-ctx.Done():
		}
	}()
	b, err := bus.Open(ctx, bus.Config{URL: proxy.URL(), Name: "submitter"})
	if err == nil {
		err = errors.Join(l.submit(ctx, b, outcome), b.Close())
	}
	l.remember(proxy.Acked())
	if err != nil {
		l.want.Unsure++
		l.ask(plan, outcome)
	}
	return proxy.Met(), proxy.Counts()
}

// ask asks for a window until it is known that it is there.
func (l *lane) ask(what any, outcome events.Outcome) {
	l.t.Helper()
	for begun := time.Now(); ; l.want.Unsure++ {
		err := l.submit(l.t.Context(), l.bus, outcome)
		if err == nil {
			return
		}
		if time.Since(begun) > patience {
			l.t.Fatalf("%v: submit: %v", what, err)
		}
	}
}

// patience is how long it may take until everything has recovered from one fault.
const patience = 2 * time.Minute

// settle waits until every window has its verdict and viewers have it.
func (l *lane) settle() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	for {
		windows, errWindows := l.count(ctx, events.StreamWindow, "ers.window.>")
		verdicts, errVerdicts := l.count(ctx, events.StreamVerdict, "ers.verdict.>")
		shown, errShown := l.count(ctx, events.StreamViz, events.StabilitySubjects)
		err := errors.Join(errWindows, errVerdicts, errShown)
		if err == nil && windows == verdicts && verdicts == shown {
			return
		}
		if ctx.Err() != nil {
			l.t.Errorf("%d windows, and after %v %d have verdicts and %d are shown: %v", windows, patience, verdicts, shown, err)
			return
		}
		time.Sleep(20 * time.Millisecond) // it is all on its way
	}
}

func (l *lane) count(ctx context.Context, stream, filter string) (n uint64, err error) {
	subjects, err := l.bus.Subjects(ctx, stream, filter)
	for _, count := range subjects {
		n += count
	}
	return n, err
}

// check looks at all that the lane has done so far.
func (l *lane) check(what any) {
	l.t.Helper()
	l.settle()
	l.want.Feed = true
	want := l.want
	for _, k := range l.running {
		for _, a := range k.acked() {
			want.Acked = append(want.Acked, invariants.Acked{Stream: a.Stream, Subject: a.Subject, Seq: a.Seq, SHA256: sha256.Sum256(a.Data)})
		}
	}
	report, err := invariants.Check(l.t.Context(), l.bus.Conn(), want)
	for begun := time.Now(); err != nil && time.Since(begun) < patience; {
		report, err = invariants.Check(l.t.Context(), l.bus.Conn(), want)
	}
	if err != nil {
		l.t.Fatalf("%v: %v", what, err)
	}
	for _, wrong := range report.Wrong {
		l.t.Errorf("%v: %s", what, wrong)
	}
}
