package audit

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	pipelines "abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	definitions "abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// leaky is a pipeline whose shadow tasks can leave something that its forecast task finds
// at the next tick of the run.
type leaky struct {
	tasks []string                                 // of the shadow lane
	found func(ran map[string]bool, run int64) any // what the forecast task makes of it
	runs  chan int64
}

func newLeaky(found func(map[string]bool, int64) any) *leaky {
	p := &leaky{tasks: []string{"s1", "s2", "s3", "s4", "s5"}, found: found, runs: make(chan int64, 100)}
	for i := range int64(cap(p.runs)) {
		p.runs <- i // the first runs that are made are those of the groups
	}
	return p
}

func (*leaky) Context(int64) canon.Value { return "{}" }

func (p *leaky) Without(_ context.Context, shadow []string) (coordinator.Program, error) {
	left := *p
	left.tasks = slices.DeleteFunc(slices.Clone(p.tasks), func(name string) bool { return slices.Contains(shadow, name) })
	if len(left.tasks)+len(shadow) != len(p.tasks) {
		return nil, fmt.Errorf("%w: there is no such task to leave out", coordinator.ErrProgram)
	}
	return &left, nil
}

func (p *leaky) NewRun(vary.Run) (coordinator.Run, error) {
	s, ran, run := scheduler.New(), map[string]bool{}, <-p.runs
	err := s.Add(scheduler.Task{Name: "f", Run: func(context.Context, *scheduler.Input) (any, error) {
		return map[string]any{"found": p.found(ran, run)}, nil
	}})
	for _, name := range p.tasks {
		if err != nil {
			break
		}
		err = s.Add(scheduler.Task{Name: name, Lane: events.Shadow, Run: func(context.Context, *scheduler.Input) (any, error) {
			ran[name] = true
			return name, nil
		}})
	}
	return s, err
}

// file is the pipeline with the runs of a shadow check.
func (p *leaky) file(t *testing.T) *pipelines.File {
	code := &definitions.Starlark{Source: "def run(ctx):\n    return None\n", File: "f", Steps: 1}
	d := &definitions.Definition{Schema: definitions.DefinitionSchema, Name: pipeline, Kind: definitions.KindStarlark,
		Tasks: []definitions.Task{{Name: "f", Tags: []string{}, Starlark: code}}}
	for _, name := range p.tasks {
		d.Tasks = append(d.Tasks, definitions.Task{Name: name, Lane: events.Shadow, Tags: []string{}, Starlark: code})
	}
	contexts, err := definitions.NewContexts("{}")
	if err != nil {
		t.Fatal(err)
	}
	return &pipelines.File{Definition: d, Contexts: contexts, Runs: 4, Ticks: 3, Shadow: true}
}

// Runs without shadow tasks are judged by the forecast lane, the task that makes a
// difference is named where it is one, and the audit comes to the same.
func TestInterference(t *testing.T) {
	t.Parallel()
	fail := func(kind events.DivergenceKind, shadow string) string { return fmt.Sprintf("fail %s %q", kind, shadow) }
	for name, c := range map[string]struct {
		found  func(ran map[string]bool, run int64) any
		change func(*events.WindowRequest)
		want   string
	}{
		"none":         {found: func(map[string]bool, int64) any { return 0 }, want: "pass"},
		"one":          {found: func(ran map[string]bool, _ int64) any { return ran["s3"] }, want: fail("interference", "s3")},
		"the last":     {found: func(ran map[string]bool, _ int64) any { return ran["s5"] }, want: fail("interference", "s5")},
		"one of two":   {found: func(ran map[string]bool, _ int64) any { return ran["s1"] || ran["s4"] }, want: fail("interference", "")},
		"two together": {found: func(ran map[string]bool, _ int64) any { return ran["s1"] && ran["s4"] }, want: fail("interference", "")},
		"each its own": {found: func(ran map[string]bool, _ int64) any { return []any{ran["s1"], ran["s4"]} }, want: fail("interference", "")},
		// Of what differs anyway it cannot be said that the shadow lane does it.
		"all differ":          {found: func(_ map[string]bool, run int64) any { return run }, want: fail("value", "")},
		"one plain differs":   {found: func(ran map[string]bool, run int64) any { return []any{ran["s1"], run == 9} }, want: fail("value", "")},
		"one without differs": {found: func(_ map[string]bool, run int64) any { return run == 0 }, want: fail("value", "")},
		"one part differs":    {found: func(_ map[string]bool, run int64) any { return run == 3 }, want: fail("value", "")},
		"drill in the lane": {found: func(map[string]bool, int64) any { return 0 }, want: fail("value", ""),
			change: func(q *events.WindowRequest) { q.Drill = &events.Drill{Run: 4, Tick: 1, Task: "f", Kind: "value"} }},
		"drill beside the lane": {found: func(map[string]bool, int64) any { return 0 }, want: fail("value", ""),
			change: func(q *events.WindowRequest) { q.Drill = &events.Drill{Run: 1, Tick: 1, Task: "s2", Kind: "value"} }},
		"no such task": {found: func(map[string]bool, int64) any { return 0 }, want: "inconclusive",
			change: func(q *events.WindowRequest) { q.Groups[1].Tasks = []string{"s9"} }},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			p := newLeaky(c.found)
			start(t, func(ctx context.Context) error {
				return service.Run(ctx, service.Config{Bus: b, Log: zerolog.Nop(), Kinds: []string{events.Starlark},
					Load: func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return p, nil }})
			})
			f := p.file(t)
			s, q := newScript(t, b), f.Request()
			s.put(string(f.Definition.Encode()))
			s.put(string(f.Contexts.Encode()))
			if c.change != nil {
				c.change(&q)
			}
			window := s.append(events.WindowSubject(q.Kind, pipeline), s.encode(&q))
			v := awaitVerdicts(t, b, 1)[window]
			got := string(v.Outcome)
			if d := v.Divergence; d != nil {
				got = fmt.Sprintf("%s %s %q", v.Outcome, d.Kind, d.Shadow)
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if v.Outcome == events.Pass && v.Excludes.OneIn != excluded(4).OneIn {
				t.Errorf("it excludes %+v, and there are 4 plain runs", v.Excludes)
			}
			awaitShown(t, b, 1)
			if r := audit(t, b, 0); r.Outcome != events.Pass {
				t.Errorf("the audit comes to\n%s", r.AppendText(nil))
			}
		})
	}
}
