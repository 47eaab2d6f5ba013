package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// endings waits until every run of the window has its end, and returns why it was given
// up, "" where it was not.
func endings(t testing.TB, b *bus.Bus, window uint64, runs int) []string {
	t.Helper()
	var d events.FrameDecoder
	all := make([]string, runs)
	for run, frames := range frames(t, b, window, runs) {
		if err := d.Decode(frames[len(frames)-1]); err != nil {
			t.Fatal(err)
		}
		all[run] = d.Abandoned
	}
	return all
}

func wantGivenUp(t testing.TB, b *bus.Bus, window uint64, runs int, reason string) {
	t.Helper()
	for run, why := range endings(t, b, window, runs) {
		if !strings.Contains(why, reason) {
			t.Errorf("window %d, run %d: %q, want %q", window, run, why, reason)
		}
	}
}

func keyOf(t testing.TB, b *bus.Bus, window uint64) events.WindowKey {
	t.Helper()
	_, key, err := client.Get(t.Context(), b, window)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A window that is cancelled while it runs, on this coordinator or another, is given up;
// the slot is free for the next one.
func TestCancelInHand(t *testing.T) {
	b := bustest.Open(t)
	serve(t, b, func(c *coordinator.Config) { c.Windows = 1 })
	serve(t, b, func(c *coordinator.Config) { c.Windows = 1 })
	long := []uint64{ask(t, b, request(2, 40_000_000)), ask(t, b, request(2, 40_000_000))}
	next := ask(t, b, request(2, 2))
	for _, window := range long {
		awaitFrame(t, b, window)
	}
	for _, window := range long {
		if _, err := client.Cancel(t.Context(), b, keyOf(t, b, window), "too long"); err != nil {
			t.Fatal(err)
		}
	}
	for _, window := range long {
		wantGivenUp(t, b, window, 2, "cancelled: too long")
	}
	wantGivenUp(t, b, next, 2, "")
}

// A cancel that comes before the window is taken holds as well, one of another request
// changes nothing.
func TestCancelBefore(t *testing.T) {
	b := bustest.Open(t)
	one, other := ask(t, b, request(2, 5)), ask(t, b, request(2, 6))
	if _, err := client.Cancel(t.Context(), b, keyOf(t, b, one), ""); err != nil {
		t.Fatal(err)
	}
	foreign := keyOf(t, b, other)
	foreign.Request = nothing
	if _, err := client.Cancel(t.Context(), b, foreign, ""); err != nil {
		t.Fatal(err)
	}
	// The queue of windows does not wait for that of controls: what counts is that the
	// runs that are not over are given up, here by a coordinator that runs no windows.
	serve(t, b, func(c *coordinator.Config) { c.Kinds = []string{"none"} })
	wantGivenUp(t, b, one, 2, "cancelled")
	serve(t, b, func(c *coordinator.Config) {})
	wantGivenUp(t, b, other, 2, "")
}

// What is more than a coordinator can do is given up, and says what to do.
func TestBeyond(t *testing.T) {
	b := bustest.Open(t)
	serve(t, b, func(c *coordinator.Config) { c.MaxTicks = 100 })
	open, groups := request(2, 0), request(3, 3)
	groups.Groups = []events.RunGroup{{Name: "upside-down", Runs: []int{2}}}
	for reason, r := range map[string]*events.WindowRequest{
		"raise --max-ticks":   request(2, 51),
		"more than the 100":   request(1000, 1<<62),
		"of open length":      open,
		`group "upside-down"`: groups,
		"":                    request(2, 50),
	} {
		wantGivenUp(t, b, ask(t, b, r), r.Runs, reason)
	}
}

// Windows go to the coordinators of their kind, and of their pipeline where that is asked.
func TestRouting(t *testing.T) {
	b := bustest.Open(t)
	taken := make(chan string, 10)
	note := func(name string) func(*coordinator.Config) {
		return func(c *coordinator.Config) {
			load := c.Load
			c.Load = func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
				taken <- fmt.Sprintf("%s: %s %s", name, r.Kind, r.Pipeline)
				return load(ctx, r)
			}
		}
	}
	serve(t, b, note("stock"))
	serve(t, b, note("go"), func(c *coordinator.Config) { c.Kinds, c.Pipeline = []string{"go"}, "mine" })
	for _, want := range []string{"stock: starlark p", "go: go mine"} {
		r := request(2, 2)
		_, kind, _ := strings.Cut(want, ": ")
		r.Kind, r.Pipeline, _ = strings.Cut(kind, " ")
		if _, err := client.Request(t.Context(), b, r); err != nil {
			t.Fatal(err)
		}
		if got := <-taken; got != want {
			t.Errorf("taken by %q, want %q", got, want)
		}
	}
}

// A queue whose consumer was removed hands out nothing that has its verdict.
func TestConsumerRemoved(t *testing.T) {
	b := bustest.Open(t)
	for range 3 {
		window := ask(t, b, request(2, 2))
		if _, err := b.Append(t.Context(), events.VerdictSubject(events.Pass, "p", window), 0, []byte("a verdict")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Cancel(t.Context(), b, keyOf(t, b, 1), ""); err != nil { // takes number 4
		t.Fatal(err)
	}
	open := ask(t, b, request(2, 2))
	taken := make(chan string, 10)
	serve(t, b, func(c *coordinator.Config) {
		c.Load = func(_ context.Context, r *events.WindowRequest) (coordinator.Program, error) {
			taken <- r.Pipeline
			return program{0}, nil
		}
	})
	wantGivenUp(t, b, open, 2, "")
	if len(taken) != 1 {
		t.Errorf("%d windows were taken, want the one without a verdict", len(taken))
	}
}

// A window that ends whoever takes it is given up after ten takings without a frame,
// whatever became of the queue's consumer.
func TestTakenTooOften(t *testing.T) {
	b := bustest.Open(t)
	window := ask(t, b, request(2, 2))
	key := keyOf(t, b, window)
	data, err := events.Encode(&events.Control{Schema: events.ControlSchema, Verb: events.Taken,
		Pipeline: key.Pipeline, Window: key.Window, Request: key.Request, Takings: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), events.ControlSubject(events.Taken, "p", window), 0, data); err != nil {
		t.Fatal(err)
	}
	serve(t, b, func(c *coordinator.Config) {
		c.Load = func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
			return nil, errors.New("ends whoever takes it")
		}
	})
	wantGivenUp(t, b, window, 2, "taken 10 times")
}

// serve runs a coordinator of small programs until the test ends.
func serve(t testing.TB, b *bus.Bus, change ...func(*coordinator.Config)) {
	c := coordinator.Config{Bus: b, Log: zerolog.New(zerolog.NewTestWriter(t)),
		Load: func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return program{0}, nil }}
	for _, f := range change {
		f(&c)
	}
	bustest.Serve(t, coordinator.New(c).Run)
}

// awaitFrame waits until a window has a frame.
func awaitFrame(t testing.TB, b *bus.Bus, window uint64) {
	t.Helper()
	found := errors.New("found")
	if err := b.Follow(t.Context(), events.StreamTrace, fmt.Sprintf("ers.trace.p.%d.*", window), 1, func(bus.Message) error { return found }); !errors.Is(err, found) {
		t.Fatal(err)
	}
}
