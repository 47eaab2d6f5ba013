package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The vectors were made with CPython's json. The auditor reads the same text, where
// JSON as encoding/json has it can spell it, and writes the same bytes.
func TestVectors(t *testing.T) {
	file, err := os.Open("../../pkg/canon/testdata/canon.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var vector struct{ Source, Canonical string }
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			t.Fatal(err)
		}
		tree, err := parseJSON([]byte(vector.Source))
		if err != nil {
			continue
		}
		n++
		if got := canonical(floats(t, tree)); got != vector.Canonical {
			t.Errorf("%s is written %s, want %s", vector.Source, got, vector.Canonical)
		}
	}
	if n < 300 {
		t.Errorf("only %d vectors can be read", n)
	}
}

// floats brings the floats of a tree into canonical form, as a frame's floats are.
func floats(t testing.TB, tree any) any {
	switch v := tree.(type) {
	case json.Number:
		if kindOf(v) == "float" {
			f, err := v.Float64()
			if err != nil && !math.IsInf(f, 0) {
				t.Fatal(err)
			}
			return json.Number(appendFloat(nil, f))
		}
		if v == "-0" {
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = floats(t, v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = floats(t, v[name])
		}
	}
	return tree
}

var genText = rapid.OneOf(rapid.SampledFrom([]string{"", "a", "é", "\u2028", "\"\\/", "\x00\x1f\x7f\b\t\n\f\r", "😀"}), rapid.String())

// genValue draws what a frame can carry.
func genValue(depth int) *rapid.Generator[any] {
	list := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Uint64().AsAny(), rapid.Float64().AsAny(), genText.AsAny(),
		rapid.SampledFrom([]any{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e16, 9999999999999998.0, 1e-4, 0.00009999, 5e-324, math.MaxFloat64}),
		rapid.Custom(func(t *rapid.T) any {
			n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "big"))
			return n.Mul(n, big.NewInt(rapid.Int64().Draw(t, "factor")))
		}),
	}
	if depth > 0 {
		inner := rapid.Deferred(func() *rapid.Generator[any] { return genValue(depth - 1) })
		list = append(list, rapid.SliceOfN(inner, 0, 18).AsAny(), rapid.MapOfN(genText, inner, 0, 18).AsAny())
	}
	return rapid.OneOf(list...)
}

func genTick(t *rapid.T) events.Tick {
	tick := events.Tick{Tick: rapid.Int64Range(0, 1<<40).Draw(t, "tick")}
	for range rapid.IntRange(0, 5).Draw(t, "events") {
		value, err := canon.Of(genValue(2).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := canon.Of(map[string]any{"tags": rapid.SliceOfN(genText, 0, 3).Draw(t, "tags")})
		if err != nil {
			t.Fatal(err)
		}
		cost := rapid.Int64Range(0, math.MaxInt64)
		e := events.TraceEvent{Tick: tick.Tick, Task: genText.Draw(t, "task"), Meta: meta,
			Lane: events.Lane(rapid.IntRange(0, 1).Draw(t, "lane")), Status: events.Status(rapid.IntRange(0, 3).Draw(t, "status")),
			CostOps: cost.Draw(t, "ops"), CostEntropy: cost.Draw(t, "entropy")}
		r := events.TaskResult{Name: e.Task, Lane: e.Lane, Status: e.Status, Value: value, Error: genText.Draw(t, "error")}
		tick.Events, tick.Results = append(tick.Events, e), append(tick.Results, r)
	}
	return tick
}

func hashesOf(h events.Hashes) hashes {
	return hashes{Trace: h.Trace, Result: h.Result, Forecast: h.Forecast, ForecastResult: h.ForecastResult}
}

var testRequest = strings.Repeat("0a", 32)

// Both paths read the same frames, and make the same bytes, hashes and midstates.
func TestTwoPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		theirs, ours := events.NewRunHash(), newLists()
		for range rapid.IntRange(1, 3).Draw(t, "ticks") {
			tick, ourTick := genTick(t), newLists()
			hashes, err := theirs.Add(&tick)
			if err != nil {
				t.Fatal(err)
			}
			var e events.FrameEncoder
			p := events.Position{Request: testRequest, RunKey: events.RunKey{Pipeline: "p", Window: 7, Run: 3}, FirstTick: tick.Tick, Ticks: 1}
			err = e.Encode(p, &tick, 600, func(message []byte, _ int) error {
				f := sameFrame(t, message)
				for _, e := range f.entries {
					ours.add(e.event, e.result, e.lane == "forecast")
					ourTick.add(e.event, e.result, e.lane == "forecast")
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := ourTick.marks().hashes(); got != hashesOf(hashes) {
				t.Fatalf("hashes %+v, want %+v", got, hashes)
			}
		}
		if got := ours.marks(); got.hashes() != hashesOf(theirs.Sum()) || got.state() != theirs.State() || got[0].n != theirs.Events() {
			t.Fatalf("hashes %+v, want %+v", got.hashes(), theirs.Sum())
		}
	})
}

// sameFrame makes sure that both decoders take a message, or both refuse it, and
// find the same in it. It returns nil when it is refused.
func sameFrame(t interface{ Fatalf(string, ...any) }, message []byte) *frame {
	var d events.FrameDecoder
	theirs := d.Decode(message)
	f := new(frame)
	ours := f.read(message)
	if (theirs == nil) != (ours == nil) {
		t.Fatalf("%q\ntheirs: %v\nours: %v", message, theirs, ours)
	}
	if ours != nil {
		return nil
	}
	var list, results []string
	tick, trees, err := readTrees(message)
	if err != nil || tick != f.tick || len(trees) != len(f.entries) {
		t.Fatalf("%q: %v, tick %d, %d events", message, err, tick, len(trees))
	}
	for i, e := range f.entries {
		event, result := string(e.event), string(e.result)
		if canonical(trees[i].event) != event || canonical(trees[i].result) != result {
			t.Fatalf("%q: %s %s as trees is %s %s", message, event, result, canonical(trees[i].event), canonical(trees[i].result))
		}
		list, results = append(list, event), append(results, result)
	}
	if string(d.Events()) != strings.Join(list, ",") || string(d.Results()) != strings.Join(results, ",") {
		t.Fatalf("%q\ntheirs: %s %s\nours: %s %s", message, d.Events(), d.Results(), list, results)
	}
	if d.RunKey != f.RunKey || d.FirstTick != f.firstTick || d.Ticks != f.ticks || d.Tick != f.tick || int64(d.First) != f.first || int64(d.Total) != f.total || d.Abandoned != f.abandoned || d.Request != f.request || d.End != f.end || (d.Difference == nil) != (f.difference == nil) || len(d.Objects) != len(f.kept) {
		t.Fatalf("theirs: %+v %q\nours: %+v", d.Position, d.Abandoned, f)
	}
	return f
}

// Both decoders refuse the same messages.
func FuzzTwoPaths(f *testing.F) {
	frames, _ := cutFrames(f, events.WindowKey{Pipeline: "p", Window: 1, Request: testRequest}, 0, 5, []events.Tick{testTick(5)})
	for _, frame := range frames {
		f.Add(frame)
		for _, c := range [][2]string{{"\xcb", "\xca"}, {"\xa2ok", "\xc4\x02ok"}, {"\xa4ops", "\xd9\x04ops"}, {"\x02", "\xd1\x00\x02"}, {"\x02", "\xcb\x40\x00\x00\x00\x00\x00\x00\x00"},
			{"\xc0", "\xa0"}, {"\xc0", "\xc1"}, {"\xc0", "\xd4\x01\x37"}, {"\xc0", "\xc7\x03\xff123"}, {"\xc0", "\xdf\x00\x00\x00\x00"}, {"\xc0", "\xdc\xff\xff"}, {"tags", "tag\xff"}, {"\xa1p", "\xa1."},
			{"forecast", "Forecast"}, {"\x85", "\x84"}, {"\x05", "\xff"}, {"\x05", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"}} {
			f.Add(bytes.Replace(frame, []byte(c[0]), []byte(c[1]), 1))
			f.Add(bytes.ReplaceAll(frame, []byte(c[0]), []byte(c[1])))
		}
	}
	abandoned, err := events.AppendAbandoned(nil, events.Position{Request: testRequest, RunKey: events.RunKey{Pipeline: "p"}, Ticks: 1}, "why")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(abandoned)
	at := events.Position{Request: testRequest, RunKey: events.RunKey{Pipeline: "p", Window: 1}, FirstTick: 5, Ticks: 1, Tick: 5, Total: 5}
	differs, err := events.AppendDifference(nil, at, &events.Difference{Kind: events.KindRestart, Tick: 5, Task: "t", Pointer: "/value", Expected: "1", Found: `{"a":[NaN,"é"]}`})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(differs)
	extra := events.Extra{Objects: []events.Object{{Task: "t", Name: "n", SHA256: testRequest, Size: 1}}, Surroundings: `{"host":"a"}`}
	more, err := extra.Add(frames[0], &at, false)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(more)
	open := at
	open.Ticks = 0
	var e events.FrameEncoder
	tick := testTick(5)
	if err := e.Encode(open, &tick, 1<<20, func(frame []byte, _ int) error {
		ended, err := extra.Add(frame, &open, true)
		f.Add(ended)
		return err
	}); err != nil {
		f.Fatal(err)
	}
	for _, frame := range [][]byte{differs, more} {
		for _, c := range [][2]string{{"restart", "Restart"}, {"\x86", "\x85"}, {"\x85", "\x86"}, {"\x8d", "\x8c"}, {"host", "hosts"}, {"size\x01", "size\xff"}, {"\xa1n", "\xa0"}, {"pointer", "pOinter"}, {"objects", "Objects"}} {
			f.Add(bytes.Replace(frame, []byte(c[0]), []byte(c[1]), 1))
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) { sameFrame(t, message) })
}
