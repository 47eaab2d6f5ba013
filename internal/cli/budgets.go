package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/budgets"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// budgetFlags say what is told of lanes and their budgets.
type budgetFlags struct {
	Lanes         bool `help:"Draw the lanes and tasks by ticks too, with what was skipped and what failed."`
	StrictBudgets bool `help:"Several budgets: fail when a task drops out where the budget is larger."`
}

// draw draws a window that has a verdict, if that is wanted.
func (f *budgetFlags) draw(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict) error {
	if !f.Lanes || v == nil {
		return nil
	}
	fmt.Fprintln(io.out)
	_, err := drawLanes(ctx, io, b, v.Window, nil)
	return err
}

// check refuses before anything is run what cannot be had of so many windows.
func (f *budgetFlags) check(windows int, asJSON bool) error {
	if f.Lanes && asJSON {
		return errLanesJSON
	}
	if f.StrictBudgets && windows < 2 {
		return errStrict
	}
	return nil
}

var errLanesJSON = errors.New("--lanes draws for people: leave out --json, or draw later with `ers show --lanes`")

var errStrict = errors.New("--strict-budgets is about the windows of several budgets, and there is one: give a pipeline file with budgets, and no --budget")

// headBudget begins what is told of a window, of one of several budgets with its name.
func (a *answerFlags) headBudget(io *streams, name string) {
	if a.JSON {
		return
	}
	if len(a.told) > 0 {
		fmt.Fprintln(io.out)
	}
	if name != "" {
		fmt.Fprintf(io.out, "budget %s\n", report.Clean(name))
	}
}

// budgetFlag is how a command names a budget; "" for none.
func budgetFlag(name string) string {
	if name == "" {
		return ""
	}
	return " --budget " + name
}

// across gathers the windows of several budgets as they are judged.
type across struct {
	windows  []budgets.Window
	verdicts []*events.Verdict
	failed   error // what the exit code is to be, of the windows so far
}

// add takes the verdict on a window with what the exit code is by it alone. It returns an
// error that is about no verdict.
func (a *across) add(ctx context.Context, b *bus.Bus, v *events.Verdict, err error) error {
	if v == nil || err != nil && !errors.Is(err, errFail) && !errors.Is(err, errUnknown) {
		return err
	}
	if a.failed == nil || errors.Is(err, errFail) { // a fail is worth more than what could not be told
		a.failed = err
	}
	r, _, err := client.Get(ctx, b, v.Window)
	if err != nil {
		return err
	}
	a.windows = append(a.windows, budgets.Window{Number: v.Window, Request: r, Outcome: v.Outcome})
	a.verdicts = append(a.verdicts, v)
	return nil
}

// tell prints the report across, when there are several windows, and returns what the exit
// code is to be.
func (a *across) tell(ctx context.Context, io *streams, b *bus.Bus, how *answerFlags, strict bool) error {
	if !a.several() {
		if strict {
			return errStrict
		}
		return a.failed
	}
	r, err := a.compare(ctx, b)
	if err != nil {
		return err
	}
	if how.JSON {
		err = printJSON(io, r)
	} else {
		text := report.AppendBudgets([]byte("\n"), r, io.screen())
		if how.GitHub {
			text = withoutCommands(text)
		}
		_, err = io.out.Write(text)
	}
	switch {
	case err != nil:
		return err
	case strict && len(r.Anomalies) > 0:
		return errFail
	case strict && a.failed == nil && r.Compared == 0:
		return errUnknown
	}
	return a.failed
}

// several tells whether there is something to say across.
func (a *across) several() bool {
	named := func(w budgets.Window) bool { return w.Request.BudgetName != "" }
	return len(a.windows) > 1 && slices.ContainsFunc(a.windows, named)
}

// compare reads one run of each window that passed, tick by tick beside each other.
func (a *across) compare(ctx context.Context, b *bus.Bus) (*budgets.Report, error) {
	c, err := budgets.New(a.windows)
	if err != nil {
		return nil, err
	}
	next := make([]func() (client.Tick, error, bool), len(a.windows))
	for i, v := range a.verdicts {
		if !a.windows[i].Passed() {
			continue
		}
		pull, stop := iter.Pull2(client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)))
		defer stop()
		next[i] = pull
	}
	for range a.windows[0].Request.Ticks {
		ticks, err := pullTicks(next)
		if err == nil {
			err = c.Add(ticks)
		}
		if err != nil {
			return nil, fmt.Errorf("what the budgets come to: %w", err)
		}
		if !anyTick(ticks) {
			break
		}
	}
	return c.Report(), nil
}

func pullTicks(next []func() (client.Tick, error, bool)) ([]*events.Tick, error) {
	ticks := make([]*events.Tick, len(next))
	for i, pull := range next {
		if pull == nil {
			continue
		}
		t, err, ok := pull()
		if err == nil && !ok {
			err = errors.New("a run ends too early")
		}
		if err != nil {
			return nil, err
		}
		ticks[i] = &t.Tick
	}
	return ticks, nil
}

func anyTick(ticks []*events.Tick) bool {
	for _, t := range ticks {
		if t != nil {
			return true
		}
	}
	return false
}
