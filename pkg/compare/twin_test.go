package compare

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// naiveDifference is the dumb twin of walking and of firstDifference: it scans the
// canonical bytes of all events and results.
func naiveDifference(a, b []events.Tick) (tick int64, index int, differ bool) {
	text := func(t *events.Tick, i int) []byte {
		if i >= len(t.Events) {
			return nil
		}
		event, err := events.AppendEvent(nil, &t.Events[i])
		if err != nil {
			panic(err)
		}
		both, err := events.AppendResult(event, &t.Results[i])
		if err != nil {
			panic(err)
		}
		return both
	}
	for k := range a {
		for i := range max(len(a[k].Events), len(b[k].Events)) {
			if !bytes.Equal(text(&a[k], i), text(&b[k], i)) {
				return a[k].Tick, i, true
			}
		}
	}
	return 0, 0, false
}

// Every pair of short sequences of tasks: the place is where a naive scan finds the
// first difference, and the kind follows from how often each side has the tasks.
// Names do not matter, so that of all pairs which differ by a renaming one is enough.
func TestAllShortSequences(t *testing.T) {
	for _, size := range []struct{ tasks, length int }{{3, 4}, {2, 5}} {
		all := sequences(size.tasks, size.length)
		for _, a := range all {
			for _, b := range all {
				if inOrderOfNames(a + b) {
					checkSequences(t, a, b)
				}
			}
		}
	}
}

// inOrderOfNames tells whether the letters first occur in the order a, b, c.
func inOrderOfNames(tasks string) bool {
	b, c := strings.Index(tasks, "b"), strings.Index(tasks, "c")
	return (b < 0 || strings.Contains(tasks[:b], "a")) && (c < 0 || strings.Contains(tasks[:c], "b"))
}

// sequences lists all strings of at most length of the first letters.
func sequences(letters, length int) []string {
	all := []string{""}
	for from := 0; len(all[from]) < length; from++ {
		for l := range letters {
			all = append(all, all[from]+string(rune('a'+l)))
		}
	}
	return all
}

func checkSequences(t *testing.T, a, b string) {
	t.Helper()
	v, err := Runs(2, func(run int) ([]events.Tick, error) {
		return []events.Tick{sequenceTick([]string{a, b}[run])}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a == b {
		if v.Outcome != events.Pass && a != "" {
			t.Fatalf("%q twice: %s", a, v.Outcome)
		}
		return
	}
	if v.Outcome != events.Fail || v.Divergence.Expected.Run != 0 {
		t.Fatalf("%q against %q: %s", a, b, v.Outcome)
	}
	d := v.Divergence
	_, want, _ := naiveDifference([]events.Tick{sequenceTick(a)}, []events.Tick{sequenceTick(b)})
	restA, restB := a[want:], b[want:]
	more := func(in, than string) bool {
		return in != "" && strings.Count(in, in[:1]) > strings.Count(than, in[:1])
	}
	kind, task := events.KindOrder, restA
	switch {
	case more(restB, restA):
		kind, task = events.KindExtra, restB
	case more(restA, restB):
		kind, task = events.KindMissing, restA
	}
	if d.EventIndex != want || d.Kind != kind || d.Task != task[:1] {
		t.Fatalf("%q against %q: %s of %q at %d, want %s of %q at %d", a, b, d.Kind, d.Task, d.EventIndex, kind, task[:1], want)
	}
	checkSide(t, &d.Expected, restA, kind == events.KindExtra)
	checkSide(t, &d.Found, restB, kind == events.KindMissing)
}

// checkSide makes sure that a side shows the events that rest stands for.
func checkSide(t *testing.T, s *events.Side, rest string, absent bool) {
	t.Helper()
	var shown strings.Builder
	if s.Event != nil {
		shown.WriteString(s.Event.Task)
	}
	for _, e := range s.After {
		shown.WriteString(e.Task)
	}
	if (s.Event == nil) != absent || s.Present == absent || shown.String() != rest[:min(len(rest), shown.Len())] || shown.Len() < min(len(rest), around) {
		t.Fatalf("side shows %q (event %v, present %v), want %q (absent %v)", shown.String(), s.Event != nil, s.Present, rest, absent)
	}
}

func sequenceTick(tasks string) events.Tick {
	var t events.Tick
	for _, task := range tasks {
		t.Events = append(t.Events, events.TraceEvent{Task: string(task), Meta: "{}"})
		t.Results = append(t.Results, events.TaskResult{Name: string(task), Value: canon.Null})
	}
	return t
}

// One event of one run of any window is changed in any way: the verdict names the
// run, the tick, the event, the task and the kind, and the pointer leads to what it
// says is there.
func TestNamesTheMutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := rapid.IntRange(3, 5).Draw(t, "runs")
		base := drawRun(t)
		run := rapid.IntRange(0, runs-1).Draw(t, "run")
		mutated := cloneRun(base)
		tick := rapid.SampledFrom(ticksWithEvents(base)).Draw(t, "tick")
		kinds := mutate(t, &mutated[tick])
		v, err := Runs(runs, func(i int) ([]events.Tick, error) {
			if i == run {
				return mutated, nil
			}
			return cloneRun(base), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantTick, wantIndex, differ := naiveDifference(base, mutated)
		if !differ {
			if v.Outcome != events.Pass {
				t.Fatalf("equal runs: %s", v.Outcome)
			}
			return
		}
		if v.Outcome != events.Fail || !slices.Equal(v.Outliers, []int{run}) || !slices.Equal(v.Divergence.Runs, []int{run}) {
			t.Fatalf("%s, outliers %v: want run %d", v.Outcome, v.Outliers, run)
		}
		d := v.Divergence
		if d.Tick != wantTick || d.EventIndex != wantIndex || !slices.Contains(kinds, d.Kind) {
			t.Fatalf("%s at tick %d, event %d: want %v at tick %d, event %d", d.Kind, d.Tick, d.EventIndex, kinds, wantTick, wantIndex)
		}
		checkTask(t, d, &base[tick], &mutated[tick])
		checkPointer(t, d, &d.Expected, &base[tick])
		checkPointer(t, d, &d.Found, &mutated[tick])
	})
}

func checkTask(t *rapid.T, d *events.Divergence, base, mutated *events.Tick) {
	side := base
	if d.Kind == events.KindExtra {
		side = mutated
	}
	if want := side.Events[d.EventIndex].Task; d.Task != want {
		t.Fatalf("%s of task %q, want %q", d.Kind, d.Task, want)
	}
}

// checkPointer follows the pointer of a divergence through decoded values, and
// compares what is there with what the side says.
func checkPointer(t *rapid.T, d *events.Divergence, s *events.Side, in *events.Tick) {
	if s.Event == nil {
		if s.Present || s.Canonical != "" || s.Error != "" {
			t.Fatalf("%q (error %q) is present without an event", s.Canonical, s.Error)
		}
		return
	}
	if want := in.Results[d.EventIndex].Error; s.Error != want {
		t.Fatalf("error %q, want %q", s.Error, want)
	}
	object, err := whole(in, d.EventIndex)
	if err != nil {
		t.Fatal(err)
	}
	x, err := object.Decode()
	if err != nil {
		t.Fatal(err)
	}
	present := true
	for _, token := range strings.Split(d.Pointer, "/")[1:] {
		switch parent := x.(type) {
		case map[string]any:
			x, present = parent[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil {
				t.Fatal(err)
			}
			if present = i < len(parent); present {
				x = parent[i]
			}
		}
	}
	if present != s.Present {
		t.Fatalf("%s: present %v, said to be %v", d.Pointer, present, s.Present)
	}
	if present {
		if there, err := canon.Of(x); err != nil || string(there) != s.Canonical {
			t.Fatalf("%s: %s is there (%v), said to be %s", d.Pointer, there, err, s.Canonical)
		}
	}
}

func drawRun(t *rapid.T) []events.Tick {
	run := make([]events.Tick, rapid.IntRange(1, 4).Draw(t, "ticks"))
	for i := range run {
		run[i].Tick = int64(i)
		for k := range rapid.IntRange(0, 5).Draw(t, "tasks") {
			e, r := drawEvent(t, int64(i), fmt.Sprintf("task%d", k))
			insertEvent(&run[i], k, e, r)
		}
	}
	if len(ticksWithEvents(run)) == 0 {
		e, r := drawEvent(t, 0, "task0")
		insertEvent(&run[0], 0, e, r)
	}
	return run
}

func drawEvent(t *rapid.T, tick int64, task string) (events.TraceEvent, events.TaskResult) {
	e := events.TraceEvent{Tick: tick, Task: task, CostOps: 1,
		Lane:   events.Lane(rapid.IntRange(0, 1).Draw(t, "lane")),
		Status: events.Status(rapid.IntRange(0, 3).Draw(t, "status")),
		Meta:   drawMeta(t),
	}
	r := events.TaskResult{Name: task, Status: e.Status, Value: canon.Null}
	if e.Status == events.OK {
		r.Value = drawValue(t)
	}
	if e.Status.Failed() {
		r.Error = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "error")
	}
	return e, r
}

func drawMeta(t *rapid.T) canon.Value {
	tags := rapid.SliceOfN(rapid.SampledFrom([]string{"cpu", "a/b", "~"}), 0, 2).Draw(t, "tags")
	meta, err := canon.Of(map[string]any{"tags": tags})
	if err != nil {
		t.Fatal(err)
	}
	return meta
}

// values has members and elements that are easily taken for each other.
var values = []canon.Value{"null", "true", "false", "1", "1.0", "-1", "0.0", "-0.0", "0", "NaN", "-Infinity", `""`, `"1"`, "1e+16", "[]", "{}",
	"[1]", "[1.0]", "[1,2]", "[[1]]", `{"a":1}`, `{"a":1.0}`, `{"a":1,"b":2}`, `{"a/b":{"~":[0]}}`, `{"a/b":{"~":[0,1]}}`, `{"":{"":0}}`, `{"":{"":1}}`}

func drawValue(t *rapid.T) canon.Value { return rapid.SampledFrom(values).Draw(t, "value") }

func ticksWithEvents(run []events.Tick) (list []int) {
	for i := range run {
		if len(run[i].Events) > 0 {
			list = append(list, i)
		}
	}
	return list
}

func cloneRun(run []events.Tick) []events.Tick {
	run = slices.Clone(run)
	for i := range run {
		run[i].Events, run[i].Results = slices.Clone(run[i].Events), slices.Clone(run[i].Results)
	}
	return run
}

// mutate changes one event of a tick, or leaves it as it was, and returns the kinds
// that the change may be called.
func mutate(t *rapid.T, in *events.Tick) []events.DivergenceKind {
	i := rapid.IntRange(0, len(in.Events)-1).Draw(t, "event")
	e, r := &in.Events[i], &in.Results[i]
	switch rapid.IntRange(0, 8).Draw(t, "mutation") {
	case 0:
		r.Value = drawValue(t)
		return []events.DivergenceKind{events.KindValue, events.KindType}
	case 1:
		r.Error += "!"
		return []events.DivergenceKind{events.KindError}
	case 2:
		e.Status = (e.Status + 1) % 4
		r.Status = e.Status
		return []events.DivergenceKind{events.KindStatus}
	case 3:
		e.CostEntropy++
		return []events.DivergenceKind{events.KindCost}
	case 4:
		e.Meta = drawMeta(t)
		return []events.DivergenceKind{events.KindMeta}
	case 5:
		deleteEvent(in, i)
		return []events.DivergenceKind{events.KindMissing}
	case 6:
		insertEvent(in, rapid.IntRange(i+1, len(in.Events)).Draw(t, "at"), *e, *r)
		return []events.DivergenceKind{events.KindExtra}
	case 7:
		swapEvents(in, i, rapid.IntRange(0, len(in.Events)-1).Draw(t, "with"))
		return []events.DivergenceKind{events.KindOrder}
	}
	e.Lane = 1 - e.Lane
	return []events.DivergenceKind{events.KindOrder}
}

// The kind of a value that differs: type exactly when the first place that differs
// holds another JSON type on either side.
func TestAllPairsOfValues(t *testing.T) {
	for _, a := range values {
		for _, b := range values {
			if a == b {
				continue
			}
			pointer, x, y := canon.FirstDifference("/value", a, b, events.MaxPointer)
			if x == y {
				t.Fatalf("%s and %s: both have %s at %s", a, b, x, pointer)
			}
			scalar := cmp.Or(x, y).Kind() != canon.Object && cmp.Or(x, y).Kind() != canon.Array
			if x != "" && y != "" && x.Kind() == y.Kind() && !scalar {
				t.Fatalf("%s and %s: stopped at %s in %s and %s", a, b, pointer, x, y)
			}
		}
	}
	for _, c := range []struct {
		a, b    canon.Value
		pointer string
	}{
		{"1", "1.0", "/value"},
		{`{"a":1,"c":1}`, `{"a":1,"b":1,"c":1}`, "/value/b"},
		{`{"a":1,"b":1}`, `{"a":1,"c":1}`, "/value/b"},
		{`{"a":[1,{"x":1}]}`, `{"a":[1,{"x":2}]}`, "/value/a/1/x"},
		{`[0,1,2,3,4,5,6,7,8,9,10]`, `[0,1,2,3,4,5,6,7,8,9]`, "/value/10"},
		{`{"a/b":{"~":1}}`, `{"a/b":{"~":2}}`, "/value/a~1b/~0"},
	} {
		if pointer, _, _ := canon.FirstDifference("/value", c.a, c.b, events.MaxPointer); pointer != c.pointer {
			t.Errorf("%s and %s differ at %s, want %s", c.a, c.b, pointer, c.pointer)
		}
		if pointer, _, _ := canon.FirstDifference("/value", c.b, c.a, events.MaxPointer); pointer != c.pointer {
			t.Errorf("%s and %s differ at %s, want %s", c.b, c.a, pointer, c.pointer)
		}
	}
}
