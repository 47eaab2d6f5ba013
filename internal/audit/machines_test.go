package audit

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The machines of a verdict are those that the runs' first frames name, to the byte.
func TestMachines(t *testing.T) {
	long := strings.Repeat("é", maxMachineText)
	around := []canon.Value{`{"build":"b","host":"h","kernel":"6.1","machine":"amd64","system":"linux"}`, canon.Value(`{"build":{"go":"go1"},"host":"` + long + `","kernel":null}`), ""}
	right := []events.Machine{{System: "linux", Architecture: "amd64", Kernel: "6.1", Build: "b", Host: "h", Runs: []int{0}}}
	for i, a := range around[1:] {
		m := events.MachineOf(a)
		m.Runs = []int{i + 1}
		right = append(right, m)
	}
	for name, c := range map[string]struct {
		change func(*events.Verdict)
		found  string
	}{
		"right":      {func(*events.Verdict) {}, ""},
		"none":       {func(v *events.Verdict) { v.Machines = nil }, "/machines is nothing"},
		"other host": {func(v *events.Verdict) { v.Machines[0].Host = "other" }, `/machines/0/host is "other"`},
		"no spread":  {func(v *events.Verdict) { v.Spread = false }, "/spread is nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, bustest.Open(t))
			s.request = func(r *events.WindowRequest) { r.Spread = true }
			s.frames = func(run int, f [][]byte) [][]byte {
				if around[run] == "" {
					return f
				}
				x, p := events.Extra{Surroundings: around[run]}, events.Position{Request: s.window.Request, RunKey: s.key(run), FirstTick: 5, Ticks: 4, Tick: 5, Total: 5}
				var err error
				f[0], err = x.Add(f[0], &p, false)
				s.must(err)
				return f
			}
			s.verdict = func(v *events.Verdict) {
				v.Machines = append([]events.Machine{}, right...)
				c.change(v)
			}
			s.write()
			if c.found == "" {
				check(t, s.audit(), events.Pass)
				return
			}
			check(t, s.audit(), events.Fail, want{Difference, onVerdict, s.verdictSeq, -1, -1, false, c.found})
		})
	}
}
