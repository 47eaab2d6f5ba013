// Package since says what is other in a window than in the last one of its pipeline that
// passed: in its definition, to the line of a file, in its contexts and its budgets.
package since

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// Since is what changed since a window that passed.
type Since struct {
	Window     uint64   `json:"window"`               // the one that passed
	Definition []string `json:"definition,omitempty"` // what is other in it, in words; none: it is the same
	Contexts   string   `json:"contexts,omitempty"`   // likewise
	Budgets    string   `json:"budgets,omitempty"`    // likewise
	Ticks      string   `json:"ticks,omitempty"`      // likewise
}

// Same tells that the two windows ask for the same.
func (s *Since) Same() bool {
	return len(s.Definition) == 0 && cmp.Or(s.Contexts, s.Budgets, s.Ticks) == ""
}

// Look compares a window with the last one of its pipeline before it that passed and that
// was no drill and no probe. nil: there is none.
func Look(ctx context.Context, b *bus.Bus, v *events.Verdict) (*Since, error) {
	passed, err := lastPass(ctx, b, v)
	if passed == nil || err != nil {
		return nil, err
	}
	is, _, err := client.Get(ctx, b, v.Window)
	if err != nil {
		return nil, err
	}
	was, _, err := client.Get(ctx, b, passed.Window)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil // it was removed
	}
	if err != nil {
		return nil, err
	}
	s := &Since{Window: passed.Window, Ticks: changed(span(was), span(is)), Budgets: changed(spent(was), spent(is))}
	if s.Definition, err = definitions(ctx, b, was.DefinitionSHA256, is.DefinitionSHA256); err != nil {
		return nil, err
	}
	s.Contexts, err = contexts(ctx, b, was, is)
	return s, err
}

// lastPass is the last verdict pass on the pipeline before another one.
func lastPass(ctx context.Context, b *bus.Bus, v *events.Verdict) (*events.Verdict, error) {
	subjects := events.VerdictsOf(events.Pass, v.Pipeline)
	m, err := b.Last(ctx, events.StreamVerdict, subjects)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if passed := counts(m, v); passed != nil {
		return passed, nil
	}
	var last *events.Verdict
	for m, err := range b.Read(ctx, events.StreamVerdict, subjects, 1, m.Seq) {
		if err != nil {
			return nil, err
		}
		if passed := counts(m, v); passed != nil {
			last = passed
		}
	}
	return last, nil
}

// counts returns the verdict in a message, if it is one that v can be held against.
func counts(m bus.Message, v *events.Verdict) *events.Verdict {
	passed := new(events.Verdict)
	if events.Decode(m.Data, passed) != nil || passed.Pipeline != v.Pipeline || passed.Window >= v.Window || passed.Drill != nil || passed.Probe != nil {
		return nil
	}
	return passed
}

func span(r *events.WindowRequest) string {
	return fmt.Sprintf("%d from tick %d on", r.Ticks, r.FirstTick)
}

func spent(r *events.WindowRequest) string {
	lane := func(b events.Budget) string { return fmt.Sprintf("%d ops and %d entropy", b.Ops, b.Entropy) }
	return fmt.Sprintf("forecast %s, shadow %s", lane(r.Budget.Forecast), lane(r.Budget.Shadow))
}

// changed says what something is now and was before; "" where that is the same.
func changed(was, is string) string {
	if was == is {
		return ""
	}
	return fmt.Sprintf("%s, it was %s", is, was)
}

// contexts says where the contexts of two windows differ first.
func contexts(ctx context.Context, b *bus.Bus, was, is *events.WindowRequest) (string, error) {
	if was.ContextsSHA256 == is.ContextsSHA256 {
		return "", nil
	}
	before, err := read(ctx, b, was.ContextsSHA256, program.DecodeContexts)
	if before == nil || err != nil {
		return "others", err
	}
	now, err := read(ctx, b, is.ContextsSHA256, program.DecodeContexts)
	if now == nil || err != nil {
		return "others", err
	}
	for i := range min(int64(before.Len()), int64(now.Len())) {
		if before.At(i) != now.At(i) {
			return fmt.Sprintf("the one of tick %d is the first that is other", is.FirstTick+i), nil
		}
	}
	return changed(fmt.Sprint(before.Len()), fmt.Sprint(now.Len())), nil
}

// read returns an object as what it is, nil where it cannot be had any more.
func read[T any](ctx context.Context, b *bus.Bus, sha string, decode func([]byte) (*T, error)) (*T, error) {
	data, err := b.GetObject(ctx, sha)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	made, err := decode(data)
	if err != nil {
		return nil, nil // it is none of this version
	}
	return made, nil
}
