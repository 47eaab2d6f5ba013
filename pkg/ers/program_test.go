package ers_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/service"
)

// total sums the numbers of all ticks, with and without keeping something.
func total() ers.Pipeline {
	return ers.Pipeline{Name: "total", Ticks: 40, Runs: 3, Contexts: []map[string]any{{"n": 3}}, Tasks: []ers.Task{
		{Name: "kept", New: func() func(*ers.Ctx) (any, error) {
			sum := int64(0)
			return func(ctx *ers.Ctx) (any, error) {
				sum += ctx.Tick()
				return sum, nil
			}
		}},
		{Name: "recorded", Priority: 1, Run: func(ctx *ers.Ctx) (any, error) {
			var sum int64
			if before, ok := ctx.Previous("recorded"); ok {
				if err := ers.Decode(before.Value, &sum); err != nil {
					return nil, err
				}
			}
			return sum + ctx.Tick(), nil
		}},
	}}
}

func services(b *bus.Bus, p ers.Pipeline) service.Config {
	return service.Config{Bus: b, Load: p.Load(b), Kinds: []string{program.KindGo}, Pipeline: "total"}
}

func submit(t *testing.T, b *bus.Bus, p ers.Pipeline) events.WindowKey {
	t.Helper()
	f, err := p.File("")
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.Submit(t.Context(), b, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A program that is stopped in the middle of a window goes on behind it, whether its
// tasks keep something or not, and nothing is told twice.
func TestStoppedAndStarted(t *testing.T) {
	b := bustest.Open(t)
	key := submit(t, b, total())
	stopping := total()
	ctx, stop := context.WithCancel(t.Context())
	var ticks atomic.Int64
	recorded := stopping.Tasks[1].Run
	stopping.Tasks[1].Run = func(ctx *ers.Ctx) (any, error) {
		if ticks.Add(1) == 50 { // of 120
			stop()
		}
		return recorded(ctx)
	}
	if err := service.While(ctx, services(b, stopping), func(ctx context.Context) error { <-ctx.Done(); return nil }); err != nil {
		t.Fatal(err)
	}
	if n := ticks.Load(); n >= 120 {
		t.Fatalf("all %d ticks were run before the stop", n)
	}
	var v *events.Verdict
	err := service.While(t.Context(), services(b, total()), func(ctx context.Context) (err error) {
		v, _, err = client.Verdict(ctx, b, key)
		return err
	})
	if err != nil || v.Outcome != events.Pass {
		t.Fatalf("%v, %+v", err, v)
	}
	for run := range 3 {
		told := 0
		for tick, err := range client.Ticks(t.Context(), b, client.All(key, run, 0, 40)) {
			if err != nil {
				t.Fatal(err)
			}
			if tick.Results[0].Value != tick.Results[1].Value {
				t.Errorf("run %d, tick %d: kept %s, recorded %s", run, tick.Tick.Tick, tick.Results[0].Value, tick.Results[1].Value)
			}
		}
		for f, err := range client.Frames(t.Context(), b, client.All(key, run, 0, 40)) {
			if err != nil {
				t.Fatal(err)
			}
			if around := f.Extra.Surroundings; around != "" {
				told++
				for _, part := range []string{`"binary_sha256":"`, `"go":"go1.`, `"main":"abraxas.dev/ers/pkg/ers"`} {
					if !strings.Contains(string(around), part) {
						t.Errorf("the surroundings have no %s: %s", part, around)
					}
				}
			}
		}
		if told < 1 || told > 2 {
			t.Errorf("run %d tells its surroundings %d times", run, told)
		}
	}
}

// What a window asks for that is not a window of this program is given up.
func TestOtherWindows(t *testing.T) {
	for reason, change := range map[string]func(*program.Definition){
		"the definition is of program example.com/other, and this one is abraxas.dev/ers/pkg/ers": func(d *program.Definition) { d.Module = "example.com/other" },
		`task "more" is in the definition, and not in this program`:                               func(d *program.Definition) { d.Tasks = append(d.Tasks, program.Task{Name: "more", Tags: []string{}}) },
		`task "recorded" is in this program, and not in the definition`:                           func(d *program.Definition) { d.Tasks = d.Tasks[:1] },
	} {
		b := bustest.Open(t)
		f, err := total().File("")
		if err != nil {
			t.Fatal(err)
		}
		change(f.Definition)
		verdict(t, b, f, reason)
	}
}

func verdict(t *testing.T, b *bus.Bus, f *pipeline.File, reason string) {
	t.Helper()
	key, err := client.Submit(t.Context(), b, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = service.While(t.Context(), services(b, total()), func(ctx context.Context) error {
		v, _, err := client.Verdict(ctx, b, key)
		if err == nil && (v.Outcome != events.Inconclusive || !strings.Contains(v.Problems[0].Reason, reason)) {
			t.Errorf("%+v, want %s", v, reason)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
