package ers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

// Lane is where a task runs. Forecast comes first; what a Shadow task does is seen by
// no forecast task.
type Lane = events.Lane

// The lanes. A task that names none is in Forecast.
const (
	Forecast = events.Forecast
	Shadow   = events.Shadow
)

// Cost is what a task spends of its lane's budget in a tick, in Ops and Entropy, both
// >= 0. The unit is yours.
type Cost = events.Budget

// Value is a value in canonical form: JSON text of which there is one spelling. [Decode]
// reads it into a Go value.
type Value = canon.Value

// Result is what another task came to: Name, Status, Value (null unless Status is
// [OK]) and Error.
type Result = scheduler.Result

// Status is how a task ended.
type Status = events.Status

// The statuses.
const (
	OK            = events.OK            // it returned a value
	SkippedBudget = events.SkippedBudget // its lane could not afford it: it did not run
	Error         = events.Error         // it returned an error, panicked, or its value has no canonical form
	NotComputable = events.NotComputable // it returned ErrNotComputable
)

// Task is one task of a program. Name and one of Run and New must be set. [Pipeline.File]
// says what is wrong with one, as do all commands before anything begins.
type Task struct {
	Name     string   // not empty, valid UTF-8; no other task has it
	Lane     Lane     // Forecast (left out) or Shadow
	Priority int64    // lower runs first in its lane; equal ones run in the order of their names
	Cost     Cost     // what an attempt spends; a task that its lane cannot afford is skipped in that tick
	Tags     []string // shown in the trace; name and tags take at most 8 KiB

	// What may differ in its value: members and elements that are ignored, as in
	// "value#json:/meta/date", and numbers of which so many significant digits count, as
	// in "value#json:/score=12". What is hashed, and what later tasks see, is what the
	// rules leave.
	Ignore, Round []string

	// Run computes the task's value: null for nil, booleans, integers, floats, strings,
	// and slices and maps with string keys of these, at most 256 KiB in canonical form.
	// [JSON] makes one of anything else, such as a struct. An error makes the task's
	// status error, with this text of which 4 KiB are kept, and so do a panic and a value
	// that has no canonical form; [ErrNotComputable] makes it not_computable. The value
	// beside an error is thrown away.
	//
	// It is called from several goroutines at once, each for another run. What it keeps
	// in a variable is seen by all runs, and they can differ by it: what it needs of the
	// tick before is in [Ctx.Previous].
	Run func(*Ctx) (any, error)

	// New, in place of Run, makes the function of one run, which is called by one goroutine
	// at a time and may keep what it needs from tick to tick. It is called once a run, also
	// when the run is taken up again after a crash: that runs all its ticks once more.
	New func() func(*Ctx) (any, error)
}

// Ctx is what a task may know, all of it read-only: to ask it changes nothing, and the
// values are copies in canonical form. It is valid until the task's function returns, and
// until then for all goroutines that the function starts.
type Ctx struct {
	in   *scheduler.Input
	stop context.Context
}

// Tick is the number of the tick, >= 0.
func (c *Ctx) Tick() int64 { return c.in.Tick() }

// Context is the context of the tick, an object.
func (c *Ctx) Context() Value { return c.in.Context() }

// Decode reads the context of the tick into what into points to, as encoding/json does:
// members that into has no field for are left out.
func (c *Ctx) Decode(into any) error { return Decode(c.Context(), into) }

// Result is the result of a task that ran before this one in this tick, or was skipped;
// false says that there is none. Forecast tasks see those of forecast tasks alone. Its
// Value is null unless its Status is [OK].
func (c *Ctx) Result(name string) (Result, bool) { return c.in.Result(name) }

// Results are the results that Result finds, in the order in which the tasks ran.
func (c *Ctx) Results() iter.Seq[Result] { return c.in.Results() }

// Previous is the result of a forecast task in the tick before; false says that there is
// none, as in the first tick of a run.
func (c *Ctx) Previous(name string) (Result, bool) { return c.in.PreviousResult(name) }

// PreviousResults are the results that Previous finds, in the order in which the tasks ran.
func (c *Ctx) PreviousResults() iter.Seq[Result] { return c.in.Previous() }

// Stop ends when nobody wants the tick any more: what takes long should return then, and
// whatever it returns is thrown away. It has no deadline and no values.
func (c *Ctx) Stop() context.Context { return c.stop }

// ErrNotComputable returns the error of a task that has no value to give, and why: its
// status is not_computable. It is for what is in order; what is wrong is any other error.
func ErrNotComputable(why string) error { return scheduler.NotComputable(why) }

// JSON returns the value of what encoding/json writes for v: the fields of a struct that
// it exports, under the names of their tags. Fields that are not exported are left out,
// so that a difference in them is not seen; a float without fraction becomes an integer.
// The error is that of encoding/json, as for NaN, a channel or a function.
func JSON(v any) (Value, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return canon.Parse(text)
}

// Decode reads a value into what into points to, as encoding/json does. NaN and the
// infinities are no JSON and an error.
func Decode(v Value, into any) error { return json.Unmarshal([]byte(v), into) }

// declare returns the task as a definition has it.
func (t *Task) declare() (d program.Task, err error) {
	switch {
	case t.Run == nil && t.New == nil:
		return d, fmt.Errorf("task %q has nothing to run: set Run", t.Name)
	case t.Run != nil && t.New != nil:
		return d, fmt.Errorf("task %q has both Run and New: keep one", t.Name)
	}
	d = program.Task{Name: t.Name, Lane: t.Lane, Priority: t.Priority, Cost: t.Cost, Tags: append([]string{}, t.Tags...)}
	for _, list := range []struct {
		texts []string
		parse func(string) (rules.Rule, error)
	}{{t.Ignore, rules.ParseIgnore}, {t.Round, rules.ParseRound}} {
		for _, text := range list.texts {
			r, err := list.parse(text)
			if err != nil {
				return d, fmt.Errorf("task %q: %w", t.Name, err)
			}
			d.Rules = append(d.Rules, r)
		}
	}
	return d, nil
}

// declare returns the tasks as a definition has them.
func declare(tasks []Task) (list []program.Task, err error) {
	for i := range tasks {
		d, err := tasks[i].declare()
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// schedule returns the task of a fresh run, as a definition has it.
func (t *Task) schedule(d *program.Task) scheduler.Task {
	run := t.Run
	if t.New != nil {
		run = t.New()
	}
	return d.Schedule(func(stop context.Context, in *scheduler.Input) (any, error) {
		if run == nil {
			return nil, errors.New("the task's New returned nil")
		}
		return run(&Ctx{in, stop})
	})
}
