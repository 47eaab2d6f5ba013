package audit

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The machines of a verdict are those that the runs' first frames name, to the byte.
func TestMachines(t *testing.T) {
	t.Parallel()
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

// A run with which somebody went on stands with both machines, and the digest of that tick
// says so: also where it was in the middle of the tick, or of the first one.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	on := func(host string) canon.Value { return canon.Value(`{"host":"` + host + `"}`) }
	// By run and index of the frame, of which four make a tick.
	said := map[[2]int]canon.Value{{0, 0}: on("a"), {1, 0}: on("a"), {1, 2}: on("b"), {2, 0}: on("a"), {2, 3}: `{"rules":{}}`, {2, 7}: on("c"), {2, 9}: on("a")}
	resumed := map[[2]int64]bool{{1, 5}: true, {2, 6}: true, {2, 7}: true}
	right := []events.Machine{{Host: "a", Runs: []int{0, 1, 2}}, {Host: "b", Runs: []int{1}}, {Host: "c", Runs: []int{2}}}
	for name, c := range map[string]struct {
		mark    func(run int, tick int64) bool
		verdict []events.Machine
		found   string
	}{
		"right":         {verdict: right},
		"one left out":  {verdict: right[:2], found: "/machines/2 is nothing"},
		"digest silent": {mark: func(run int, tick int64) bool { return run == 1 && tick == 5 }, verdict: right, found: "/covers/0/resumed is nothing"},
		"digest untrue": {mark: func(run int, tick int64) bool { return run == 0 || resumed[[2]int64{int64(run), tick}] }, verdict: right, found: "/covers/0/resumed is true"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, bustest.Open(t))
			s.request = func(r *events.WindowRequest) { r.Spread = true }
			s.frames = func(run int, frames [][]byte) [][]byte {
				for i, frame := range frames {
					around := said[[2]int{run, i}]
					if around == "" {
						continue
					}
					var d events.FrameDecoder
					s.must(d.Decode(frame))
					x := events.Extra{Surroundings: around}
					var err error
					frames[i], err = x.Add(frame, &d.Position, false)
					s.must(err)
				}
				return frames
			}
			s.digests = func(run int, list []*events.Digest) []*events.Digest {
				for _, d := range list {
					for i := range d.Covers {
						tick := d.Covers[i].Tick
						d.Covers[i].Resumed = resumed[[2]int64{int64(run), tick}]
						if c.mark != nil {
							d.Covers[i].Resumed = c.mark(run, tick)
						}
					}
				}
				return list
			}
			s.verdict = func(v *events.Verdict) { v.Machines = c.verdict }
			s.write()
			a := s.audit()
			if c.found == "" {
				check(t, a, events.Pass)
				return
			}
			named := func(f Finding) bool { return strings.Contains(f.Message, c.found) }
			if a.Outcome != events.Fail || !slices.ContainsFunc(a.Findings, named) {
				t.Errorf("%s: %+v, want %s", a.Outcome, a.Findings, c.found)
			}
		})
	}
}
