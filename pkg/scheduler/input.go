package scheduler

import (
	"errors"
	"iter"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Input is what a task may know: the tick, its context, and results. All of it is
// immutable. It is valid until the task's function returns.
type Input struct {
	tick     int64
	context  canon.Value
	results  []events.TaskResult // of this tick, those that the task may see
	previous []events.TaskResult // of the forecast lane in the previous tick of the run
	contents Contents            // nil: none

	behind []task // those that come after it in the tick
	lane   events.Lane
	left   Budget // of its lane, when it is paid for
}

// Contents reads what results name by a SHA-256 because it is too large for a value. It
// returns length bytes from offset on, fewer at the end, and the size of the whole.
type Contents func(sha256 string, offset, length int64) (data []byte, size int64, err error)

// NewInput is the Input of a task in a worker, which is told which tick it is and what
// ran before. The slices must not change while the task runs.
func NewInput(tick int64, context canon.Value, results, previous []events.TaskResult, contents Contents) *Input {
	return &Input{tick: tick, context: context, results: results, previous: previous, contents: contents}
}

// Tick is the number of the tick, >= 0.
func (in *Input) Tick() int64 { return in.tick }

// Context is the tick's context. Value.Decode gives a copy to work on.
func (in *Input) Context() canon.Value { return in.context }

// Seen are all results that the task may see, of this tick and of the forecast lane in the
// tick before, for who passes them on to another process. They are not to be changed.
func (in *Input) Seen() (results, previous []events.TaskResult) { return in.results, in.previous }

// Ahead yields the names of the tasks that have their turn right after this one: those of
// its lane that come next, up to the first that cannot be afforded. So who runs several of
// them elsewhere can ask for them at a stroke.
func (in *Input) Ahead() iter.Seq[string] {
	return func(yield func(string) bool) {
		left := in.left
		for i := range in.behind {
			t := &in.behind[i]
			if t.Lane != in.lane || !pay(&left, t.Cost) || !yield(t.Name) {
				return
			}
		}
	}
}

// Content reads from the content with this SHA-256, which a result that the task may see
// names: length bytes from offset on, fewer at its end. size is that of the whole.
func (in *Input) Content(sha256 string, offset, length int64) (data []byte, size int64, err error) {
	if in.contents == nil {
		return nil, 0, errors.New("there is no content to read here: no result names any")
	}
	return in.contents(sha256, offset, length)
}

// Result is the result of another task.
type Result struct {
	Name   string
	Status events.Status
	Value  canon.Value // null unless Status is OK
	Error  string      // when Status.Failed()
}

// Results yields the results of this tick that the task may see, in the order in
// which the tasks ran: those of forecast tasks, and for a shadow task also those of
// the shadow tasks before it.
func (in *Input) Results() iter.Seq[Result] { return list(in.results) }

// Result returns the result of the named task in this tick, if the task may see it.
func (in *Input) Result(name string) (Result, bool) { return find(in.results, name) }

// Previous yields the forecast results of the previous tick of the run; none in the
// first.
func (in *Input) Previous() iter.Seq[Result] { return list(in.previous) }

// PreviousResult returns the result of a forecast task in the previous tick.
func (in *Input) PreviousResult(name string) (Result, bool) { return find(in.previous, name) }

func list(results []events.TaskResult) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		for i := range results {
			if !yield(view(&results[i])) {
				return
			}
		}
	}
}

func find(results []events.TaskResult, name string) (Result, bool) {
	for i := range results {
		if results[i].Name == name {
			return view(&results[i]), true
		}
	}
	return Result{}, false
}

func view(r *events.TaskResult) Result {
	return Result{Name: r.Name, Status: r.Status, Value: r.Value, Error: r.Error}
}
