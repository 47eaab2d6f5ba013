package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/against"
	"abraxas.dev/ers/pkg/budgets"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// showSchema is the version of the document.
const showSchema = "ers.show.v1"

// showAnswer is what `ers show` shows, for machines.
type showAnswer struct {
	Schema  string          `json:"schema"`
	Windows []*shownWindow  `json:"windows"`           // as they were asked for
	Budgets *budgets.Report `json:"budgets,omitempty"` // what several budgets come to
}

type shownWindow struct {
	listed
	Hashed  []int64         `json:"hashed,omitempty"` // ticks of each run that are hashed; only while there is no verdict
	Since   *shownSince     `json:"since,omitempty"`  // what changed since the last window that passed, of a fail
	Verdict json.RawMessage `json:"verdict"`          // the document; null: there is none yet
}

type shownSince struct {
	Window uint64         `json:"window"` // which passed
	Asked  *against.Asked `json:"asked"`
}

// showJSON prints one document.
func (c *showCommand) showJSON(ctx context.Context, io *streams, b *bus.Bus, windows []uint64) error {
	answer := &showAnswer{Schema: showSchema, Windows: []*shownWindow{}}
	failed := c.gather(ctx, b, windows, answer)
	if failed != nil && !errors.Is(failed, errFail) && !errors.Is(failed, errUnknown) {
		return failed
	}
	return errors.Join(failed, printJSON(io, answer))
}

func (c *showCommand) gather(ctx context.Context, b *bus.Bus, windows []uint64, answer *showAnswer) error {
	all := new(across)
	running := false
	for _, window := range windows {
		w, v, err := lookAt(ctx, b, window)
		if err != nil {
			return err
		}
		answer.Windows = append(answer.Windows, w)
		if v == nil {
			running = true
			continue
		}
		if err := all.add(ctx, b, v, c.judge(v)); err != nil {
			return err
		}
	}
	if all.several() {
		r, err := all.compare(ctx, b)
		if err != nil {
			return err
		}
		answer.Budgets = r
	}
	if running && all.failed == nil {
		return errUnknown
	}
	return all.failed
}

// lookAt reads what there is to say of a window. The verdict is nil when there is none.
func lookAt(ctx context.Context, b *bus.Bus, window uint64) (*shownWindow, *events.Verdict, error) {
	r, key, err := client.Get(ctx, b, window)
	if err != nil {
		return nil, nil, err
	}
	v, m, err := client.VerdictSoFar(ctx, b, key)
	if err != nil {
		return nil, nil, err
	}
	w := &shownWindow{listed: describe(r, key)}
	if v == nil {
		w.Hashed, err = hashedTicks(ctx, b, key, r.Runs)
		return w, nil, err
	}
	w.Verdict = m.Data
	w.judged(v)
	if err := w.locate(ctx, b); err != nil || w.Archived != "" {
		return w, v, err
	}
	if v.Outcome == events.Fail && v.Drill == nil && v.Probe == nil {
		passed, asked, sinceErr := against.SincePass(ctx, b, v)
		if err = sinceErr; asked != nil {
			w.Since = &shownSince{passed, asked}
		}
	}
	return w, v, err
}

// hashedTicks is how many ticks of each run are hashed.
func hashedTicks(ctx context.Context, b *bus.Bus, key events.WindowKey, runs int) ([]int64, error) {
	list := make([]int64, runs)
	for run := range list {
		m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(key.Run(run)))
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d, err := events.ReadDigest(m)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", run, err)
		}
		list[run] = d.Done
	}
	return list, nil
}

// describe says what was asked for.
func describe(r *events.WindowRequest, key events.WindowKey) listed {
	return listed{Window: key.Window, State: stateRunning, Pipeline: r.Pipeline, Request: key.Request, Runs: r.Runs, FirstTick: r.FirstTick, Ticks: r.Ticks,
		DefinitionSHA256: r.DefinitionSHA256, Drill: r.Drill != nil, Probe: r.Probe != nil}
}

// judged says what came of it.
func (w *listed) judged(v *events.Verdict) {
	w.State, w.Headline, w.Empty = string(v.Outcome), report.Headline(v), v.Empty
}
