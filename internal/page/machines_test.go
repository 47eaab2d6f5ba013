package page

import (
	"context"
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// TestMachines opens a window whose runs were made by coordinators of two builds, and finds
// which runs are whose.
func TestMachines(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	pool := evaluator.New(evaluator.Config{})
	t.Cleanup(func() { _ = pool.Close() })
	load := service.Loader(s.bus, pool, exec.Config{Build: "another build"}, exec.AllowAll)
	s.background(coordinator.New(coordinator.Config{Bus: s.bus, Load: load, Kinds: service.Kinds, Log: bustest.Log(t)}).Run)
	for waiting := 0; waiting < 2; { // both for a run
		c, err := s.bus.JetStream().Consumer(t.Context(), events.StreamWindow, "ers-runs-starlark")
		if err == nil {
			waiting = c.CachedInfo().NumWaiting
		}
	}
	f := file(t, `name: spread
budget: {forecast: {ops: 1}, shadow: {ops: 1}}
runs: 4
spread: true
tasks:
  - {name: task, lane: forecast, starlark: "def run(ctx): return 1"}
`)
	key, err := client.Submit(t.Context(), s.bus, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := client.Verdict(context.WithoutCancel(t.Context()), s.bus, key)
	if err != nil || len(v.Machines) != 2 {
		t.Fatalf("%v, machines %+v", err, v.Machines)
	}
	p := newTab(t, s, desktop)
	p.open(fmt.Sprintf("/window/%d", key.Window))
	p.see(".machines", "another build")
	for i, m := range v.Machines {
		want := "run"
		if len(m.Runs) > 1 {
			want = "runs"
		}
		if row := eval[string](p, fmt.Sprintf(`document.querySelectorAll(".machines tbody tr")[%d].textContent`, i)); row == "" || row[:len(want)] != want {
			t.Errorf("the row of %+v is %q", m, row)
		}
	}
}
