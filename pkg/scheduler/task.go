package scheduler

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
)

// Budget is what a lane may spend in one tick, in ops and entropy; both >= 0.
type Budget = events.Budget

// Budgets are the budgets of both lanes for one tick.
type Budgets = events.Budgets

// Cost is what an attempt of a task spends of its lane's budget; both >= 0.
type Cost = events.Budget

// Task is one task of a pipeline.
type Task struct {
	Name     string      // unique in the scheduler, not empty, valid UTF-8
	Lane     events.Lane // events.Forecast or events.Shadow
	Priority int64       // lower runs first in its lane
	Cost     Cost
	Tags     []string // copied into the meta of its events; valid UTF-8

	// Run computes the task's value: anything with a canonical form (see
	// [canon.Append]). An error, a panic or a value without canonical form makes
	// the status error; an error that wraps [ErrNotComputable] makes it
	// not_computable. What Run keeps for itself from tick to tick is not in the record:
	// a run that is resumed after a crash has to run its ticks again to have it, as tasks
	// in Go and workers do, see package coordinator. Input.Previous needs none of that.
	//
	// stop ends when the tick is not wanted any more: what takes long should return
	// then, and whatever it returns is thrown away. It has no deadline and no values.
	Run func(stop context.Context, in *Input) (any, error)

	// Rules, if not nil, say what of the value may differ. The value that is hashed, and
	// that later tasks see, is what they make of it; see [Tick.Ruled].
	Rules *rules.Set

	// Close, if not nil, is called once when the run is over. See [Scheduler.Close].
	Close func() error
}

// ErrNotComputable marks the error of a task that ran well but has no value to
// give. [NotComputable] makes one with a reason.
var ErrNotComputable = errors.New("not computable")

// NotComputable returns an error that makes a task's status not_computable; the
// reason becomes the error text of its result.
func NotComputable(reason string) error { return notComputable(reason) }

type notComputable string

func (n notComputable) Error() string        { return string(n) }
func (n notComputable) Is(target error) bool { return target == ErrNotComputable }

// task is a Task as the scheduler keeps it.
type task struct {
	Task
	meta canon.Value // of its events when it runs
}

// newTask checks a task and copies what its owner could change.
func newTask(t Task) (task, error) {
	switch {
	case t.Name == "":
		return task{}, errors.New("a task has no name")
	case !utf8.ValidString(t.Name):
		return task{}, fmt.Errorf("task %q: the name is not valid UTF-8", t.Name)
	case t.Lane != events.Forecast && t.Lane != events.Shadow:
		return task{}, fmt.Errorf("task %q: unknown lane %d: want events.Forecast or events.Shadow", t.Name, uint8(t.Lane))
	case t.Cost.Ops < 0:
		return task{}, fmt.Errorf("task %q: the cost of %d ops is negative", t.Name, t.Cost.Ops)
	case t.Cost.Entropy < 0:
		return task{}, fmt.Errorf("task %q: the cost of %d entropy is negative", t.Name, t.Cost.Entropy)
	case t.Run == nil:
		return task{}, fmt.Errorf("task %q: no function to run", t.Name)
	}
	if t.Tags == nil {
		t.Tags = []string{}
	}
	meta, err := canon.Of(map[string]any{"tags": t.Tags})
	if err != nil {
		return task{}, fmt.Errorf("task %q: tags: %w", t.Name, err)
	}
	name, err := canon.Of(t.Name)
	if err != nil {
		return task{}, fmt.Errorf("task %q: %w", t.Name, err)
	}
	if size := len(meta) + len(name); size > MaxDescription {
		return task{}, fmt.Errorf("task %.40q…: name and tags take %d bytes: at most %d fit in an event", t.Name, size, MaxDescription)
	}
	t.Tags = nil // they live on in meta
	return task{t, meta}, nil
}

// Sizes are bounded here, by the same rule everywhere, so that each event with its
// result fits into one message of the bus.
const (
	MaxDescription = events.MaxDescription // canonical bytes of a task's name and tags
	MaxValue       = 256 << 10             // canonical bytes of a value; a larger one is an error
	MaxErrorText   = 4 << 10               // bytes of an error text; the rest is cut
)
