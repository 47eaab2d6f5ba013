package erstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// Options change what a call does. The zero value changes nothing.
type Options struct {
	Runs  int   // 0: 12, or what the pipeline says; else 2 to 1000
	Ticks int64 // of a pipeline's runs; 0: what the pipeline says

	// Parallel is how many calls of an Invariant's function run at once, to see what races
	// do; 0 and 1: one after the other. A pipeline's runs always run side by side.
	Parallel int
}

// Invariant calls f twelve times and fails the test when two of the values differ, or one
// call ends in an error and another does not. It stops the test when every call ends in an
// error or returns nil, or when a value has no canonical form. f must not end its goroutine, as t.Fatal
// does; it returns an error. At most one Options may be given.
func Invariant[T any](t testing.TB, f func() (T, error), o ...Options) {
	t.Helper()
	option, err := only(o)
	if err == nil && option.Ticks != 0 {
		err = errors.New("a function has no ticks: leave Ticks out")
	}
	if err != nil {
		t.Fatalf("erstest.Invariant: %v", err)
	}
	calls := make([]outcome, option.Runs)
	each(len(calls), option.Parallel, func(run int) {
		calls[run] = outcome{err: errEnded}
		v, err := f()
		calls[run] = outcomeOf(v, err)
	})
	for run, c := range calls {
		if c.broken != nil {
			t.Fatalf("COULD NOT TELL  run %d: %v", run, c.broken)
		}
		if c.err == errEnded {
			t.Fatalf("COULD NOT TELL  run %d: %v", run, errEnded)
		}
	}
	v, err := compare.Runs(len(calls), func(run int) ([]events.Tick, error) {
		return []events.Tick{calls[run].tick(t.Name())}, nil
	})
	if err != nil {
		t.Fatalf("COULD NOT TELL  %v", err)
	}
	if failed := calls[0].err; v.Outcome == events.Pass && failed != nil {
		t.Fatalf("COULD NOT TELL  all %d runs end in the same error, which is not a value to compare: %v", len(calls), failed)
	}
	if v.Outcome == events.Pass && calls[0].value == canon.Null {
		t.Fatalf("COULD NOT TELL  all %d runs return nil: there is nothing to compare", len(calls))
	}
	tell(t, &v, again(t))
}

var errEnded = errors.New("the function ended its goroutine: it must return, with an error if need be")

// outcome is what came of one call.
type outcome struct {
	value  canon.Value // null when err is not nil
	err    error       // of the function
	broken error       // why the value cannot be compared
}

func outcomeOf(v any, err error) outcome {
	if err != nil {
		return outcome{value: canon.Null, err: err}
	}
	value, err := canon.Of(v)
	if err == nil && !value.IsCanonical() {
		err = fmt.Errorf("%.40q is not a canonical value", string(value))
	}
	if err != nil {
		return outcome{broken: fmt.Errorf("what the function returned has no canonical form: %w; ers.JSON makes a value of what encoding/json writes", err)}
	}
	return outcome{value: value}
}

// tick is the outcome as a run of one task.
func (o outcome) tick(name string) events.Tick {
	e := events.TraceEvent{Task: name}
	r := events.TaskResult{Name: name, Value: o.value}
	if o.err != nil {
		r.Error, e.Status = o.err.Error(), events.Error
		if errors.Is(o.err, scheduler.ErrNotComputable) {
			e.Status = events.NotComputable
		}
	}
	r.Status = e.Status
	return events.Tick{Events: []events.TraceEvent{e}, Results: []events.TaskResult{r}}
}

// each calls do for 0 to n-1, so many at once, each in a goroutine of its own.
func each(n, parallel int, do func(int)) {
	var all sync.WaitGroup
	free := make(chan struct{}, max(parallel, 1))
	for i := range n {
		free <- struct{}{}
		all.Add(1)
		go func() {
			defer func() {
				<-free
				all.Done()
			}()
			do(i)
		}()
	}
	all.Wait()
}
