package compare

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The verdict on a window that compares machines says where each run was made, and that on
// another window says nothing of it.
func TestMachines(t *testing.T) {
	w := newTestWindow(5)
	w.seal(t)
	long := strings.Repeat("x", events.MaxMachineText+1)
	src := aroundSource{w.runs, func(run int) (canon.Value, error) {
		switch {
		case run == 3:
			return "", nil
		case run == 4:
			return canon.Value(`{"build":{"go":"go1"},"host":"` + long + `","kernel":null,"machine":7}`), nil
		}
		return canon.Value(fmt.Sprintf(`{"build":"b","host":"h%d","kernel":"6.1","machine":"amd64","system":"linux"}`, run%2)), nil
	}}
	for _, spread := range []bool{true, false} {
		w.req.Spread = spread
		v, err := Judge(w.key(), &w.req, w.last, src)
		if err != nil || v.Outcome != events.Pass || v.Spread != spread {
			t.Fatalf("%s, %v", v.Outcome, err)
		}
		var want []events.Machine
		if spread {
			sum := func(text string) string { return canon.Sum([]byte(text)).String() }
			want = []events.Machine{
				{System: "linux", Architecture: "amd64", Kernel: "6.1", Build: "b", Host: "h0", Runs: []int{0, 2}},
				{System: "linux", Architecture: "amd64", Kernel: "6.1", Build: "b", Host: "h1", Runs: []int{1}},
				{Runs: []int{3}},
				{Architecture: sum("7"), Build: sum(`{"go":"go1"}`), Host: sum(`"` + long + `"`), Runs: []int{4}},
			}
		}
		if diff := cmp.Diff(want, v.Machines); diff != "" {
			t.Error(diff)
		}
		encode(t, &v)
	}
}

// A verdict has no more machines than it has room for.
func TestMachinesBound(t *testing.T) {
	var runs []int
	var said []canon.Value
	for run := range 3 * events.MaxMachines {
		runs, said = append(runs, run), append(said, canon.Value(fmt.Sprintf(`{"host":"h%d"}`, run%(2*events.MaxMachines))))
	}
	list, err := machines(runs, said, Memory{})
	if err != nil || len(list) != events.MaxMachines || !cmp.Equal(list[0].Runs, []int{0, 2 * events.MaxMachines}) {
		t.Errorf("%d machines, the first with runs %v", len(list), list[0].Runs)
	}
}

// movedSource says where somebody went on with the runs.
type movedSource struct {
	Memory
	on map[int][]canon.Value
}

func (s movedSource) Resumed(run int) ([]canon.Value, error) { return s.on[run], nil }

// A run that was gone on with elsewhere stands with each of its machines, once.
func TestMachinesTakenOver(t *testing.T) {
	said := []canon.Value{`{"host":"a"}`, `{"host":"b"}`, `{"host":"a"}`}
	list, err := machines([]int{0, 1, 2}, said, movedSource{Memory{}, map[int][]canon.Value{
		1: {`{"rules":{}}`, `{"host":"a"}`, `{"host":"c"}`, `{"host":"a"}`},
		2: {`{"host":"a"}`},
	}})
	want := []events.Machine{{Host: "a", Runs: []int{0, 1, 2}}, {Host: "b", Runs: []int{1}}, {Host: "c", Runs: []int{1}}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
