package against

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// Fact is what two windows have of something.
type Fact struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Same tells whether both have the same.
func (f *Fact) Same() bool { return f.A == f.B }

// Asked is what was asked for in two windows, a and b.
type Asked struct {
	Facts      []Fact   `json:"facts"`
	Definition []string `json:"definition,omitempty"` // what is other in that of b, in words; none: it is the same
	Contexts   string   `json:"contexts,omitempty"`   // likewise
}

// Same tells whether the two windows ask for the same.
func (a *Asked) Same() bool {
	return !slices.ContainsFunc(a.Facts, func(f Fact) bool { return !f.Same() })
}

// The facts that have more to say than both hashes.
const (
	DefinitionFact = "definition"
	ContextsFact   = "contexts"
)

func ask(ctx context.Context, b *bus.Bus, x, y *events.WindowRequest) (*Asked, error) {
	a := &Asked{Facts: requested(x, y)}
	var err error
	if a.Definition, err = definitions(ctx, b, x.DefinitionSHA256, y.DefinitionSHA256); err != nil {
		return nil, err
	}
	a.Contexts, err = contexts(ctx, b, x, y)
	return a, err
}

// requested lists what two requests ask for.
func requested(x, y *events.WindowRequest) []Fact {
	lane := func(b events.Budget) string { return fmt.Sprintf("%d ops, %d entropy", b.Ops, b.Entropy) }
	var list []Fact
	for _, f := range []struct {
		name string
		text func(*events.WindowRequest) string
	}{
		{"pipeline", func(r *events.WindowRequest) string { return r.Pipeline }},
		{"kind", func(r *events.WindowRequest) string { return r.Kind }},
		{DefinitionFact, func(r *events.WindowRequest) string { return r.DefinitionSHA256 }},
		{ContextsFact, func(r *events.WindowRequest) string { return r.ContextsSHA256 }},
		{"ticks", ticksText},
		{"forecast budget", func(r *events.WindowRequest) string { return lane(r.Budget.Forecast) }},
		{"shadow budget", func(r *events.WindowRequest) string { return lane(r.Budget.Shadow) }},
		{"runs", func(r *events.WindowRequest) string { return fmt.Sprint(r.Runs) }},
		{"numbers of runs", numbersText},
		{"without shadow tasks", groupsText},
		{"varied", func(r *events.WindowRequest) string { return names(r.Variations) }},
		{"fixed", func(r *events.WindowRequest) string { return names(r.Fixed) }},
		{"latch", latchText},
		{"spread", spreadText},
		{"drill", drillText},
	} {
		list = append(list, Fact{f.name, f.text(x), f.text(y)})
	}
	return list
}

func ticksText(r *events.WindowRequest) string {
	if r.Ticks == 0 {
		return fmt.Sprintf("open, from tick %d", r.FirstTick)
	}
	return fmt.Sprintf("%d from tick %d", r.Ticks, r.FirstTick)
}

func numbersText(r *events.WindowRequest) string {
	if len(r.Numbers) > 0 {
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(r.Numbers), "[]"), " ", ", ")
	}
	return fmt.Sprintf("%d to %d", r.FirstRun, r.FirstRun+int64(r.Runs)-1)
}

// groupsText lists the runs that are made without tasks of the shadow lane.
func groupsText(r *events.WindowRequest) string {
	if len(r.Groups) == 0 {
		return "no runs"
	}
	var list []string
	for _, g := range r.Groups {
		runs := "1 run"
		if len(g.Runs) != 1 {
			runs = fmt.Sprintf("%d runs", len(g.Runs))
		}
		list = append(list, fmt.Sprintf("%s without %s", runs, strings.Join(g.Tasks, ", ")))
	}
	return strings.Join(list, "; ")
}

func names(list []vary.Name) string {
	if len(list) == 0 {
		return "nothing"
	}
	return vary.Text(list)
}

func latchText(r *events.WindowRequest) string {
	if r.Latch == nil {
		return "none"
	}
	return strings.TrimSuffix(r.Latch.Trace+":"+r.Latch.Result, ":")
}

func spreadText(r *events.WindowRequest) string {
	if r.Spread {
		return "to all coordinators"
	}
	return "no"
}

func drillText(r *events.WindowRequest) string {
	if r.Drill == nil {
		return "none"
	}
	return fmt.Sprintf("run=%d,tick=%d,task=%s,kind=%s", r.Drill.Run, r.Drill.Tick, r.Drill.Task, r.Drill.Kind)
}

// contexts says where the contexts of two windows differ first.
func contexts(ctx context.Context, b *bus.Bus, x, y *events.WindowRequest) (string, error) {
	if x.ContextsSHA256 == y.ContextsSHA256 {
		return "", nil
	}
	before, err := read(ctx, b, x.ContextsSHA256, program.DecodeContexts)
	if before == nil || err != nil {
		return "others", err
	}
	now, err := read(ctx, b, y.ContextsSHA256, program.DecodeContexts)
	if now == nil || err != nil {
		return "others", err
	}
	for i := range min(int64(before.Len()), int64(now.Len())) {
		if before.At(i) != now.At(i) {
			return fmt.Sprintf("the one of tick %d is the first that is other", y.FirstTick+i), nil
		}
	}
	return changed(fmt.Sprint(before.Len()), fmt.Sprint(now.Len())), nil
}

// changed says what something is in the second of two windows and what it was in the first.
func changed(was, is string) string { return fmt.Sprintf("%s, it was %s", is, was) }

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
