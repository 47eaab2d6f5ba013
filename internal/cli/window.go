package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// windowFlags say which window is wanted.
type windowFlags struct {
	varyFlags
	File      string     `short:"f" placeholder:"FILE" type:"path" help:"${file}"`
	Runs      *int       `placeholder:"N" help:"Runs in place of the file's."`
	Ticks     *int64     `placeholder:"N" help:"Ticks a run in place of the file's."`
	FirstTick *int64     `placeholder:"N" help:"First tick in place of the file's."`
	Text      string     `placeholder:"FILE" type:"path" xor:"contexts" help:"Contexts in place of the file's: a text, a paragraph a tick."`
	Contexts  string     `placeholder:"FILE" type:"path" xor:"contexts" help:"Contexts in place of the file's: JSON Lines, an object a tick."`
	Budget    string     `placeholder:"NAME" help:"Of several budgets in the file, this one alone."`
	Shadow    *bool      `name:"shadow-check" negatable:"" help:"Make further runs, with the shadow lane off and with parts of it: the forecast lane must be the same. See docs/stabilisation.md."`
	Spread    *bool      `negatable:"" help:"Hand the runs to all coordinators of the server, so that machines are compared with each other. See docs/servers.md."`
	Latch     *latchFlag `placeholder:"TRACE[:RESULT]" help:"Fail unless the runs' trace hash is this one, and their result hash the other."`
	Drill     *drillFlag `placeholder:"run=R,tick=T,task=NAME,kind=KIND" help:"Falsify one event, to test the alarm. Kinds: value, error, status, order, cost, meta, type, missing, extra."`
}

// load reads the pipeline file and applies the flags over it.
func (w *windowFlags) load(ctx context.Context, io *streams) (*pipeline.File, error) {
	f, err := io.load(ctx, w.File)
	if err != nil {
		return nil, err
	}
	if w.Text != "" {
		err = f.UseText(w.Text)
	} else if w.Contexts != "" {
		err = f.UseContexts(w.Contexts)
	}
	if err != nil {
		return nil, err
	}
	if w.Runs != nil {
		f.Runs = *w.Runs
	}
	if w.Ticks != nil {
		f.Ticks = *w.Ticks
	}
	if w.FirstTick != nil {
		f.FirstTick = *w.FirstTick
	}
	if err := w.vary(f); err != nil {
		return nil, err
	}
	if w.Shadow != nil {
		f.Shadow = *w.Shadow
	}
	if w.Spread != nil {
		f.Spread = *w.Spread
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	if w.Budget != "" {
		if f, err = f.Choose(w.Budget); err != nil {
			return nil, err
		}
	}
	if w.Latch != nil && f.One() != nil {
		return nil, fmt.Errorf("--latch holds for one budget: %w", f.One())
	}
	return f, w.checkDrill(f)
}

// checkDrill makes sure that there is an event to falsify.
func (w *windowFlags) checkDrill(f *pipeline.File) error {
	if w.Drill == nil {
		return nil
	}
	r := f.Request()
	if err := w.Drill.Check(&r); err != nil {
		return fmt.Errorf("--drill: %w", err)
	}
	named := func(t program.Task) bool { return t.Name == w.Drill.Task }
	if !slices.ContainsFunc(f.Definition.Tasks, named) {
		var names []string
		for _, t := range f.Definition.Tasks {
			names = append(names, t.Name)
		}
		return fmt.Errorf("--drill: the pipeline has no task %q: want one of %s", w.Drill.Task, strings.Join(names, ", "))
	}
	return nil
}

// drill is the one that is asked for, nil for none.
func (w *windowFlags) drill() *events.Drill {
	if w.Drill == nil {
		return nil
	}
	return &w.Drill.Drill
}

// request changes a window request as the flags say.
func (w *windowFlags) request(command string) func(*events.WindowRequest) {
	return func(r *events.WindowRequest) {
		if r.BudgetName != "" && w.Budget == "" && command != "" {
			command += " --budget " + r.BudgetName
		}
		if w.Latch != nil {
			r.Latch = &w.Latch.Latch
		}
		r.Reproduce = command
		r.Drill = w.drill()
	}
}

// latchFlag reads HASH or HASH:HASH. With one hash the trace alone is held, and what
// tasks return may be anything.
type latchFlag struct{ events.Latch }

func (l *latchFlag) UnmarshalText(text []byte) error {
	trace, result, both := strings.Cut(string(text), ":")
	for _, hash := range []string{trace, result} {
		if !events.IsHash(hash) && (both || hash != "") {
			return fmt.Errorf("%.80q is not a SHA-256 in 64 lower-case hex digits", hash)
		}
	}
	if trace == "" {
		return errors.New("want TRACE or TRACE:RESULT")
	}
	l.Trace, l.Result = trace, result
	return nil
}

// drillFlag reads run=7,tick=1,task=oracle:compress,kind=value. A task's name may
// have commas and equal signs in it.
type drillFlag struct{ events.Drill }

var drillKeys = []string{"run", "tick", "task", "kind"}

func (d *drillFlag) UnmarshalText(text []byte) error {
	fields := make(map[string]string)
	last := ""
	for part := range strings.SplitSeq(string(text), ",") {
		key, value, ok := strings.Cut(part, "=")
		_, repeated := fields[key]
		switch {
		case ok && !repeated && slices.Contains(drillKeys, key):
			fields[key], last = value, key
		case last == "task":
			fields[last] += "," + part
		default:
			return fmt.Errorf("%q is not run=, tick=, task= or kind=, each once", part)
		}
	}
	for _, key := range drillKeys {
		if fields[key] == "" {
			return fmt.Errorf("%s= is missing: want run=R,tick=T,task=NAME,kind=KIND", key)
		}
	}
	run, err := strconv.Atoi(fields["run"])
	if err != nil {
		return fmt.Errorf("run=%s is not a number", fields["run"])
	}
	tick, err := strconv.ParseInt(fields["tick"], 10, 64)
	if err != nil {
		return fmt.Errorf("tick=%s is not a number", fields["tick"])
	}
	d.Drill = events.Drill{Run: run, Tick: tick, Task: fields["task"], Kind: events.DrillKind(fields["kind"])}
	return nil
}
