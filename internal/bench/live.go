package bench

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// liveWindow is the program of one window whose ticks come at a fixed rate, the runs
// shifted against each other.
//
// A task cannot know which run it is in. So the first ticks of the runs come one after
// the other, each when the digest of the one before has been seen, which says the run.
// They are not measured.
type liveWindow struct {
	fleet    *fleet
	n        emptyTasks
	ticks    int64         // of a run
	interval time.Duration // between two ticks of a run

	turn  chan struct{} // holds a token while the next run may have its first tick
	begun chan struct{} // closed when all runs have had theirs

	mu      sync.Mutex
	runs    []*liveRun       // in the order in which their schedulers were made
	current *liveRun         // whose first tick it is
	known   map[int]*liveRun // by run
	start   time.Time        // when begun was closed
}

// liveRun is when the ticks of one run were due, executed, and their digests seen.
type liveRun struct {
	shift          time.Duration
	executed, seen []time.Time // by tick
}

func newLiveWindow(f *fleet, n emptyTasks, ticks int64, interval time.Duration) *liveWindow {
	w := &liveWindow{fleet: f, n: n, ticks: ticks, interval: interval,
		turn: make(chan struct{}, 1), begun: make(chan struct{}), known: make(map[int]*liveRun)}
	w.turn <- struct{}{}
	return w
}

func (w *liveWindow) Context(int64) canon.Value { return canon.Null }

// NewRun makes the first task of a tick wait until the tick is due, and the last one
// note that the tick has been executed.
func (w *liveWindow) NewRun(vary.Run) (coordinator.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.runs) == Runs {
		return nil, errors.New("the window came back to the queue")
	}
	r := &liveRun{shift: w.interval * time.Duration(len(w.runs)) / Runs,
		executed: make([]time.Time, w.ticks), seen: make([]time.Time, w.ticks)}
	w.runs = append(w.runs, r)
	tasks := w.n.tasks()
	last, value := &tasks[len(tasks)-1], tasks[len(tasks)-1].Run
	last.Run = func(stop context.Context, in *scheduler.Input) (any, error) {
		defer w.note(&r.executed[in.Tick()], time.Now())
		return value(stop, in)
	}
	first, then := &tasks[0], tasks[0].Run
	first.Run = func(stop context.Context, in *scheduler.Input) (any, error) {
		if err := w.await(r, in.Tick()); err != nil {
			return nil, err
		}
		return then(stop, in)
	}
	s := scheduler.New()
	return s, s.Add(tasks...)
}

// await returns when a tick is due.
func (w *liveWindow) await(r *liveRun, tick int64) error {
	ctx := w.fleet.ctx
	if tick == 0 {
		select {
		case <-w.turn:
			w.mu.Lock()
			w.current = r
			w.mu.Unlock()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-w.begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	timer := time.NewTimer(time.Until(w.due(r, tick)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *liveWindow) due(r *liveRun, tick int64) time.Time {
	return w.start.Add(time.Duration(tick-1)*w.interval + r.shift)
}

func (w *liveWindow) note(where *time.Time, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*where = t
}

// judge asks for the window, follows its digests, and returns how long it took from
// the last of them to the verdict, as the server stored them.
func (w *liveWindow) judge() (time.Duration, error) {
	ctx, b := w.fleet.ctx, w.fleet.bus
	key, err := w.n.window(w.ticks).ask(ctx, b)
	window := key.Window
	if err != nil {
		return 0, err
	}
	if err := w.follow(ctx, window); err != nil {
		return 0, err
	}
	v, _, err := client.Verdict(ctx, b, key)
	if err == nil && v.Outcome != events.Pass {
		err = errors.New(report.Headline(v))
	}
	if err != nil {
		return 0, err
	}
	last, err := w.fleet.lastDigest(w.n, window)
	if err != nil {
		return 0, err
	}
	verdict, err := w.fleet.storedAt(events.StreamVerdict, events.VerdictGuard(w.n.pipeline(), window))
	if err == nil {
		_, err = w.fleet.shown(w.n, window) // not beside the next window
	}
	return verdict.Sub(last), err
}

// follow sees the digest of every tick.
func (w *liveWindow) follow(ctx context.Context, window uint64) error {
	filter := strings.TrimSuffix(events.DigestSubject(events.RunKey{Pipeline: w.n.pipeline(), Window: window}), "0") + "*"
	missing := Runs * w.ticks
	err := w.fleet.bus.Follow(ctx, events.StreamDigest, filter, 1, func(m bus.Message) error {
		now := time.Now()
		var d events.Digest
		if err := events.Decode(m.Data, &d); err != nil {
			return err
		}
		if d.Problem != nil {
			return errors.New(d.Problem.Reason)
		}
		w.see(&d, now)
		if missing -= int64(len(d.Covers)); missing == 0 {
			return errAllSeen
		}
		return nil
	})
	if errors.Is(err, errAllSeen) {
		return nil
	}
	return err
}

var errAllSeen = errors.New("all seen")

// see notes a digest. The first one of a run lets the next run begin.
func (w *liveWindow) see(d *events.Digest, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.known[d.Run]
	if !ok {
		r = w.current
		w.known[d.Run] = r
		if len(w.known) < Runs {
			w.turn <- struct{}{}
		} else {
			w.start = time.Now().Add(w.interval) // time to get ready
			close(w.begun)
		}
	}
	for _, t := range d.Covers {
		r.seen[t.Tick] = now
	}
}

// times returns, for every measured tick, how late it was executed and how long its
// digest took from there, and how long all of it took.
func (w *liveWindow) times() (late, digest []time.Duration, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := w.start
	for _, r := range w.runs {
		for tick := int64(1); tick < w.ticks; tick++ {
			executed := r.executed[tick]
			late = append(late, executed.Sub(w.due(r, tick)))
			digest = append(digest, r.seen[tick].Sub(executed))
			if executed.After(end) {
				end = executed
			}
		}
	}
	return late, digest, end.Sub(w.start) + w.interval/Runs
}
