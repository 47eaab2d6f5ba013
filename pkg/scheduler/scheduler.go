package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
)

// Scheduler is one run of a pipeline: its tasks, and the results of its last tick.
type Scheduler struct {
	tasks    []task // in the order in which they run
	names    map[string]bool
	previous []events.TaskResult // forecast results of the last tick
	tail     []task              // added since the tasks were sorted
}

// New returns a scheduler without tasks.
func New() *Scheduler { return &Scheduler{names: make(map[string]bool)} }

// Add adds tasks. It refuses, with an error that names the task, a name that is
// empty or taken, an unknown lane, a negative cost, a missing function, and names
// or tags that are not UTF-8 or too long. On error none of the tasks is added.
func (s *Scheduler) Add(tasks ...Task) error {
	checked := make([]task, 0, len(tasks))
	for _, t := range tasks {
		known, err := newTask(t)
		if err != nil {
			return err
		}
		same := func(other task) bool { return other.Name == t.Name }
		if s.names[t.Name] || slices.ContainsFunc(checked, same) {
			return fmt.Errorf("task %q: there is a task of this name already", t.Name)
		}
		checked = append(checked, known)
	}
	for _, t := range checked {
		s.names[t.Name] = true
	}
	s.tail = append(s.tail, checked...)
	return nil
}

// sort puts the tasks into the order (lane, priority, name, insertion). It runs
// once after tasks were added. Go compares strings by byte, which for UTF-8 is by
// code point.
func (s *Scheduler) sort() {
	if len(s.tail) == 0 {
		return
	}
	s.tasks = append(s.tasks, s.tail...)
	s.tail = nil
	slices.SortStableFunc(s.tasks, func(a, b task) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
}

// Tick is what came of one tick.
type Tick struct {
	events.Tick
	Remaining Budgets // what each lane has left
	Ruled     []Ruled // of the tasks with rules that have a value, in their order
}

// Ruled is what the rules of a task found in its value.
type Ruled struct {
	Task   string
	Raw    canon.Value // the value as the task gave it; "": it is kept elsewhere
	Counts rules.Counts
}

var skippedMeta = canon.Value(`{"reason":"budget"}`)

// Tick runs every task once, in order, as far as each lane's budget goes: a task
// that its lane cannot afford is skipped and spends nothing, and those after it
// have their turn. value, the tick's context, is any value with a canonical form; a
// [canon.Value] is taken as it is. The error is for a negative tick or budget, or a
// context without canonical form; nothing ran then. Failures of tasks are results, not
// errors.
//
// When ctx ends the tick is as if it had never been begun: the error is that of ctx, so
// that when somebody was told to stop is in no result.
func (s *Scheduler) Tick(ctx context.Context, number int64, budgets Budgets, value any) (Tick, error) {
	if number < 0 {
		return Tick{}, fmt.Errorf("tick %d is negative", number)
	}
	for _, b := range [...]Budget{budgets.Forecast, budgets.Shadow} {
		if b.Ops < 0 || b.Entropy < 0 {
			return Tick{}, fmt.Errorf("a budget of %d ops and %d entropy is negative", b.Ops, b.Entropy)
		}
	}
	shown, err := canon.Of(value)
	if err != nil {
		return Tick{}, fmt.Errorf("context of tick %d: %w", number, err)
	}
	s.sort()
	t := Tick{Remaining: budgets, Tick: events.Tick{
		Tick:    number,
		Events:  make([]events.TraceEvent, len(s.tasks)),
		Results: make([]events.TaskResult, len(s.tasks)),
	}}
	in := Input{tick: number, context: shown, previous: s.previous}
	stop := signalOf(ctx)
	forecast := 0 // results of the forecast lane, which come first
	for i := range s.tasks {
		task := &s.tasks[i]
		budget := &t.Remaining.Forecast
		if task.Lane == events.Shadow {
			budget = &t.Remaining.Shadow
		} else {
			forecast = i + 1
		}
		// Capped, so that no append of anybody's reaches what comes later.
		in.results, in.behind = t.Results[:i:i], s.tasks[i+1:]
		task.turn(stop, &in, budget, &t.Events[i], &t.Results[i])
		if task.Rules != nil && t.Results[i].Status == events.OK {
			t.Ruled = append(t.Ruled, task.rule(&t.Results[i]))
		}
		if ended(ctx) {
			return Tick{}, ctx.Err()
		}
	}
	s.previous = t.Results[:forecast:forecast]
	return t, nil
}

// Close calls the Close of every task that has one. The scheduler is not used after it.
func (s *Scheduler) Close() error {
	var all []error
	for _, t := range append(s.tasks, s.tail...) {
		if t.Close != nil {
			if err := t.Close(); err != nil {
				all = append(all, fmt.Errorf("task %q: close: %w", t.Name, err))
			}
		}
	}
	s.tasks, s.tail = nil, nil
	return errors.Join(all...)
}

// SetPrevious makes the next tick see these results, of the forecast lane and in
// their order, as those of the previous tick: how a run is resumed.
func (s *Scheduler) SetPrevious(results []events.TaskResult) {
	s.previous = nil
	for _, r := range results {
		if r.Lane == events.Forecast {
			s.previous = append(s.previous, r)
		}
	}
}

// pay takes a cost from a budget, if it suffices.
func pay(budget *Budget, cost Cost) bool {
	if cost.Ops > budget.Ops || cost.Entropy > budget.Entropy {
		return false
	}
	budget.Ops -= cost.Ops
	budget.Entropy -= cost.Entropy
	return true
}

// turn gives a task its turn in a tick: skipped when the budget does not suffice,
// else attempted and paid for.
func (t *task) turn(stop context.Context, in *Input, budget *Budget, event *events.TraceEvent, result *events.TaskResult) {
	event.Tick, event.Task, event.Lane = in.tick, t.Name, t.Lane
	event.CostOps, event.CostEntropy = t.Cost.Ops, t.Cost.Entropy
	result.Name, result.Lane = t.Name, t.Lane
	if !pay(budget, t.Cost) {
		event.Status, event.Meta = events.SkippedBudget, skippedMeta
		result.Status, result.Value = events.SkippedBudget, canon.Null
		return
	}
	in.lane, in.left = t.Lane, *budget
	result.CostOps, result.CostEntropy = t.Cost.Ops, t.Cost.Entropy
	result.Status, result.Value, result.Error = t.attempt(stop, in)
	event.Status, event.Meta = result.Status, t.meta
}

// Attempt runs the task once, outside of a Scheduler, as [Scheduler.Tick] does when the
// lane can afford it: what an error, a panic or a result without canonical form comes
// to is the same. A task whose stop has ended gives nothing that means anything.
func (t *Task) Attempt(stop context.Context, in *Input) (events.Status, canon.Value, string) {
	return t.attempt(signalOf(stop), in)
}

// rule makes of a value the one that is compared.
func (t *task) rule(result *events.TaskResult) Ruled {
	r := Ruled{t.Name, result.Value, t.Rules.NewCounts()}
	result.Value = t.Rules.Value(result.Value, r.Counts)
	return r
}

// attempt calls the task's function. A panic is the task's failure, not ours.
func (t *Task) attempt(stop context.Context, in *Input) (status events.Status, value canon.Value, text string) {
	defer func() {
		if p := recover(); p != nil {
			status, value, text = events.Error, canon.Null, clip(fmt.Sprintf("panic: %v", p))
		}
	}()
	v, err := t.Run(stop, in)
	if err == nil {
		value, err = canonical(v)
	}
	switch {
	case err == nil:
		return events.OK, value, ""
	case errors.Is(err, ErrNotComputable):
		return events.NotComputable, canon.Null, clip(err.Error())
	default:
		return events.Error, canon.Null, clip(err.Error())
	}
}

// canonical takes what a task returned.
func canonical(v any) (canon.Value, error) {
	value, err := canon.Of(v)
	if given, ok := v.(canon.Value); ok && err == nil && !given.IsCanonical() {
		err = fmt.Errorf("%.40q is not a canonical value", string(given))
	}
	if err != nil {
		return "", fmt.Errorf("the result has no canonical form: %w", err)
	}
	if len(value) > MaxValue {
		return "", fmt.Errorf("the result takes %d canonical bytes: at most %d are allowed", len(value), MaxValue)
	}
	return value, nil
}

// clip makes an error text fit for a result: valid UTF-8, not too long.
func clip(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > MaxErrorText {
		text = strings.ToValidUTF8(text[:MaxErrorText], "") + "…"
	}
	return text
}
