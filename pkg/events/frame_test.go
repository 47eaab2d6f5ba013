package events

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
)

// encodeAll returns the frames of a tick.
func encodeAll(t interface{ Fatal(...any) }, p Position, tick *Tick, max int) [][]byte {
	var e FrameEncoder
	var frames [][]byte
	if err := e.Encode(p, tick, max, func(frame []byte, _ int) error {
		frames = append(frames, bytes.Clone(frame))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return frames
}

// A tick cut into frames of any size comes back whole, and the hashes made from its
// frames are those made from its structures.
func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Int64Range(0, 1<<40).Draw(t, "tick")
		p := Position{Request: someHash, RunKey: genKey.Draw(t, "key"), FirstTick: number, Ticks: rapid.Int64Range(1, 1<<40).Draw(t, "ticks")}
		tick := genTick(t, number)
		max := rapid.SampledFrom([]int{0, 700, 1000, 1 << 20}).Draw(t, "max")

		var d FrameDecoder
		var back Tick
		hash := NewRunHash()
		next := 0
		for _, frame := range encodeAll(t, p, tick, max) {
			if err := d.Decode(frame); err != nil {
				t.Fatal(err)
			}
			if d.First != next || d.Total != len(tick.Events) || d.RunKey != p.RunKey || d.Ticks != p.Ticks || len(frame) > max && d.Len() > 1 {
				t.Fatalf("frame at %+v with %d events, want first %d, at most %d bytes", d.Position, d.Len(), next, max)
			}
			next += d.Len()
			d.AppendTo(&back)
			hash.AddFrame(&d)
		}
		if !d.Last() {
			t.Fatal("the last frame does not end the tick")
		}
		if diff := cmp.Diff(tick, &back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		want, err := TickHashes(tick)
		if got := hash.EndTick(); got != want || err != nil || hash.Sum() != want {
			t.Fatalf("hashes %+v, want %+v (%v)", got, want, err)
		}
	})
}

// A run hash resumed from its state between ticks goes on as if it had not stopped.
func TestRunHashResumes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, resumed := NewRunHash(), NewRunHash()
		for number := range int64(4) {
			tick := genTick(t, number)
			a, err := whole.Add(tick)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := resumed.Add(tick); a != b || err != nil {
				t.Fatalf("tick %d: %+v, want %+v (%v)", number, b, a, err)
			}
			next := NewRunHash()
			if err := next.Restore(resumed.State()); err != nil {
				t.Fatal(err)
			}
			resumed = next
			if whole.Sum() != resumed.Sum() || whole.Events() != resumed.Events() {
				t.Fatalf("after tick %d: %+v, want %+v", number, resumed.Sum(), whole.Sum())
			}
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	for _, state := range []string{"", "!", "AAAA", NewRunHash().State()[4:], strings.Repeat("A", len(NewRunHash().State()))} {
		if err := NewRunHash().Restore(state); err == nil {
			t.Errorf("state %q was taken", state)
		}
	}
}

// A library of another hand reads our frames and, given the fields in our order,
// writes the same bytes.
func TestFrameAgainstMsgpackLibrary(t *testing.T) {
	tick := &Tick{Tick: 3,
		Events: []TraceEvent{
			{Tick: 3, Task: "a", Lane: Forecast, Status: OK, CostOps: 300, Meta: `{"tags":["x","y"]}`},
			{Tick: 3, Task: "b", Lane: Shadow, Status: Error, CostOps: 1, CostEntropy: 70000, Meta: `{"tags":[]}`},
		},
		Results: []TaskResult{
			{Name: "a", Lane: Forecast, Status: OK, Value: `{"k":[1,1.5,null,true,"é"]}`, CostOps: 300},
			{Name: "b", Lane: Shadow, Status: Error, Value: canon.Null, Error: "boom", CostOps: 1, CostEntropy: 70000},
		}}
	frames := encodeAll(t, Position{Request: someHash, RunKey: RunKey{"p", 17, 4}, FirstTick: 2, Ticks: 9}, tick, 1<<20)
	got, err := msgpack.NewDecoder(bytes.NewReader(frames[0])).DecodeInterface()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"v": 2, "request": someHash, "pipeline": "p", "window": 17, "run": 4, "first_tick": 2, "ticks": 9, "tick": 3, "first": 0, "total": 2,
		"events": []any{
			map[string]any{"tick": 3, "task": "a", "lane": "forecast", "status": "ok", "cost_ops": 300, "cost_entropy": 0, "meta": map[string]any{"tags": []any{"x", "y"}}},
			map[string]any{"tick": 3, "task": "b", "lane": "shadow", "status": "error", "cost_ops": 1, "cost_entropy": 70000, "meta": map[string]any{"tags": []any{}}},
		},
		"results": []any{
			map[string]any{"task": "a", "status": "ok", "error": nil, "value": map[string]any{"k": []any{1, 1.5, nil, true, "é"}}},
			map[string]any{"task": "b", "status": "error", "error": "boom", "value": nil},
		},
	}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
		t.Error(diff)
	}
}

// ordered is a map that msgpack/v5 writes in the order given.
type ordered []any

func (o ordered) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMapLen(len(o) / 2); err != nil {
		return err
	}
	for _, x := range o {
		if err := e.Encode(x); err != nil {
			return err
		}
	}
	return nil
}

// set returns a copy of o with the value of one key changed; without removes it.
func (o ordered) set(key string, value any) ordered {
	c := append(ordered(nil), o...)
	for i := 0; i < len(c); i += 2 {
		if c[i] == key {
			c[i+1] = value
		}
	}
	return c
}

func (o ordered) without(key string) ordered {
	var c ordered
	for i := 0; i < len(o); i += 2 {
		if o[i] != key {
			c = append(c, o[i], o[i+1])
		}
	}
	return c
}

func TestDecodeIsStrict(t *testing.T) {
	event := ordered{"cost_entropy", 0, "cost_ops", 1, "lane", "forecast", "meta", ordered{"tags", []string{"x"}}, "status", "ok", "task", "a", "tick", 3}
	result := ordered{"error", nil, "status", "ok", "task", "a", "value", ordered{"k", 1}}
	frame := ordered{"v", 2, "request", someHash, "pipeline", "p", "window", 17, "run", 4, "first_tick", 2, "ticks", 9, "tick", 3, "first", 0, "total", 1,
		"events", []any{event}, "results", []any{result}}
	events := func(e ...any) ordered { return frame.set("events", e) }
	results := func(r ...any) ordered { return frame.set("results", append([]any{}, r...)) }
	object := ordered{"task", "a", "name", "stdout", "sha256", someHash, "size", 12}
	difference := ordered{"kind", "restart", "tick", 3, "event_index", 0, "task", "a", "pointer", "/value", "expected", 1, "found", 2}
	before := func(f ordered, more ...any) ordered {
		return append(append(append(ordered{}, f[:20]...), more...), f[20:]...)
	}
	ending := func(d ordered) ordered {
		return append(frame[:20:20], "events", []any{}, "results", []any{}, "difference", d)
	}
	failed := frame.set("events", []any{event.set("status", "error")})
	for _, test := range []struct {
		frame any
		want  string
	}{
		{frame, ""},
		{"text", "frame: want a map, found str (byte 0)"},
		{frame.set("v", 1), "v: unknown schema: frame version 1, this reader knows 2"},
		{frame.set("v", "1"), "v: want an integer of 64 bits, found str"},
		{frame.without("run"), "a frame has 12 to 15 fields, this one 11"},
		{append(frame.without("run"), "extra", 1), `field "first_tick" where run belongs`},
		{append(frame[:2:2], frame...), `field "v" where request belongs: each field stands once`},
		{frame.set("pipeline", "a.b"), `pipeline name "a.b": character 2 is "."`},
		{frame.set("run", -1), "run: -1 is out of range"},
		{frame.set("run", 1000), "run 1000 is out of range: want 0 to 999"},
		{frame.set("tick", 1), "tick 1 is out of range: the run has ticks 2 to 10"},
		{frame.set("tick", 11), "tick 11 is out of range"},
		{frame.set("request", "abc"), `request "abc" is not a SHA-256`},
		{frame.set("ticks", 0).set("tick", 1), "tick 1 is out of range"},
		{frame.set("first", 2), "event 2 of 1 is out of range"},
		{frame.set("total", 0), "events: 1 events from event 0 of 0"},
		{frame.set("events", []any{}).set("results", []any{}), "a tick of 1 events in a frame of none"},
		{events(event.without("meta")), "events[0]: an event has 7 fields, this one 6"},
		{events(append(event.without("meta"), "meta", 1)), `events[0]: field "status" where meta belongs`},
		{events(append(event[:2:2], event[:12]...)), `events[0]: field "cost_entropy" where cost_ops belongs`},
		{events(event.set("lane", "main")), `events[0].lane: unknown lane "main"`},
		{events(event.set("status", "done")), `events[0].status: unknown status "done"`},
		{events(event.set("cost_ops", -1)), "events[0].cost_ops: -1 is out of range"},
		{events(event.set("cost_ops", 1.0)), "events[0].cost_ops: want an integer of 64 bits, found float64"},
		{events(event.set("tick", 4)), "events[0].tick: tick 4 in a frame of tick 3"},
		{events(event.set("meta", 1)), "events[0].meta: want a map, found integer"},
		{events(event.set("meta", ordered{"tags", ordered{"b", 1, "a", 1}})), `events[0].meta.tags: key "a" repeats or is out of order after "b"`},
		{events(event.set("meta", ordered{"tags", 1, "tags", 1})), `events[0].meta: key "tags" repeats`},
		{events(event.set("task", "\xff")), "events[0].task: "},
		{events(event.set("task", 1)), "events[0].task: want a string, found int"},
		{results(), "results: 0 results for 1 events"},
		{results(result.without("error")), "results[0]: a result has 4 fields, this one 3"},
		{results(result.set("task", "b")), `results[0].task: "b", but the event says "a"`},
		{results(result.set("status", "error")), "results[0].status: error, but the event says ok"},
		{results(result.set("error", "")), `results[0].error: a task that is ok has ""`},
		{results(result.set("error", 1)), "results[0].error: a task that is ok has 1"},
		{failed.set("results", []any{result.set("status", "error")}), "results[0].error: a task that is error has null"},
		{results(result.set("value", float32(1))), "results[0].value: want a value"},
		{results(result.set("value", []byte{1})), "results[0].value: want a value"},
		{results(result.set("value", ordered{1, 1})), "results[0].value: want a string, found int"},
		{append(frame[:20:20], "events", []any{}, "results", []any{}, "abandoned", ""), "an abandoned run says why"},
		{append(frame[:len(frame):len(frame)], "abandoned", "x"), "an abandoned run says why"},
		{append(frame[:len(frame):len(frame)], "odd", "x"), `field "odd" where abandoned belongs`},
		{append(frame[:len(frame):len(frame)], "end", true), "end: in a run of 9 ticks"},
		{append(frame[:len(frame):len(frame)], "end", true).set("ticks", 0), ""},
		{append(frame[:len(frame):len(frame)], "end", false).set("ticks", 0), "end: false"},
		{before(frame, "objects", []any{object}, "surroundings", ordered{"os", "x"}), ""},
		{before(frame, "surroundings", ordered{"os", "x"}, "objects", []any{object}), "where events belongs"},
		{before(frame, "objects", []any{}), "objects: no objects: leave the field out"},
		{before(frame, "objects", []any{object.set("sha256", "x")}), "objects[0]: object \"stdout\": \"x\" is not a SHA-256"},
		{before(frame, "objects", []any{object.without("size")}), "an object has 4 fields, this one 3"},
		{before(frame, "surroundings", 1), "surroundings: want a map"},
		{before(frame, "odd", 1), "where events belongs"},
		{ending(difference), ""},
		{ending(difference.set("kind", "value")), `"value" is not one of`},
		{ending(difference.set("found", 1)), "both sides are equal"},
		{ending(difference.without("pointer")), "a difference has 7 fields, this one 6"},
		{append(frame[:len(frame):len(frame)], "difference", difference), "and no events in its frame"},
	} {
		message, err := msgpack.Marshal(test.frame)
		if err != nil {
			t.Fatal(err)
		}
		var d FrameDecoder
		err = d.Decode(message)
		if test.want == "" {
			if err != nil {
				t.Errorf("good frame: %v", err)
			}
			for cut := range message {
				if err := d.Decode(message[:cut]); err == nil {
					t.Errorf("a frame cut at byte %d was taken", cut)
				}
			}
			if err := d.Decode(append(message, 0)); err == nil || !strings.Contains(err.Error(), "1 bytes follow its end") {
				t.Errorf("trailing byte: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
		if strings.Contains(test.want, "schema") && !errors.Is(err, ErrSchema) {
			t.Errorf("%v is no ErrSchema", err)
		}
	}
}

// What a frame holds beside its events comes back, and changes no hash.
func TestExtra(t *testing.T) {
	tick := benchTick(3)
	p := Position{Request: someHash, RunKey: RunKey{"p", 17, 4}, Tick: tick.Tick, FirstTick: tick.Tick, Total: 3}
	plain := encodeAll(t, p, tick, 1<<20)[0]
	x := Extra{Objects: []Object{{"a", "stdout", someHash, 12}}, Surroundings: `{"os":"linux"}`}
	more, err := x.Add(plain, &p, true)
	if err != nil {
		t.Fatal(err)
	}
	var d FrameDecoder
	if err := d.Decode(more); err != nil || !d.End || !reflect.DeepEqual(d.Extra, x) || d.Len() != 3 {
		t.Fatalf("%+v, end %t (%v)", d.Extra, d.End, err)
	}
	text, err := d.AppendJSON(nil)
	if err != nil || !strings.Contains(string(text), `"objects":[{"name":"stdout"`) || !strings.Contains(string(text), `"surroundings":{"os":"linux"}`) || !strings.HasSuffix(string(text), `,"end":true}`) {
		t.Errorf("%s (%v)", text, err)
	}
	// The memo of a run without surroundings serves one with them.
	surrounded, err := (&Extra{Surroundings: `{"os":"linux"}`}).Add(plain, &p, false)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMemo(1 << 20)
	if step, err := m.Start().Decode(&d, plain); step != nil || err != nil {
		t.Fatal(step, err)
	}
	want := m.Add(m.Start(), &d)
	if step, err := m.Start().Decode(&d, surrounded); step != want || err != nil || d.Surroundings == "" {
		t.Errorf("step %p, want %p (%v)", step, want, err)
	}
	if step, err := m.Start().Decode(&d, more); step != nil || err != nil || !d.End {
		t.Errorf("an ending was taken for another frame: %v", err)
	}
}

func TestDifference(t *testing.T) {
	p := Position{Request: someHash, RunKey: RunKey{"p", 17, 4}, FirstTick: 2, Ticks: 9, Tick: 5, Total: 3}
	want := Difference{KindRestart, 4, 1, "a", "/value", `{"x":1}`, "null"}
	message, err := AppendDifference(nil, p, &want)
	if err != nil {
		t.Fatal(err)
	}
	var d FrameDecoder
	if err := d.Decode(message); err != nil || d.Difference == nil || *d.Difference != want || d.Position != p {
		t.Errorf("%+v at %+v (%v)", d.Difference, d.Position, err)
	}
	for _, tick := range []int64{1, 6} {
		if _, err := AppendDifference(nil, p, &Difference{KindRestart, tick, 1, "a", "/value", "1", "2"}); err == nil {
			t.Errorf("tick %d is none that the run has got to", tick)
		}
	}
	if _, err := AppendDifference(nil, p, &Difference{Kind: KindValue, Tick: 5, Task: "a", Expected: "1", Found: "2"}); err == nil {
		t.Error("a difference between runs was taken for one that a run met by itself")
	}
}

func TestAbandoned(t *testing.T) {
	p := Position{Request: someHash, RunKey: RunKey{"p", 17, 4}, FirstTick: 2, Ticks: 9, Tick: 5, Total: 3}
	message, err := AppendAbandoned(nil, p, "no such definition")
	if err != nil {
		t.Fatal(err)
	}
	var d FrameDecoder
	if err := d.Decode(message); err != nil || d.Abandoned != "no such definition" || d.Position != p {
		t.Errorf("%q at %+v (%v)", d.Abandoned, d.Position, err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	event := TraceEvent{Tick: 1, Task: "a", Meta: `{}`}
	result := TaskResult{Name: "a", Value: "1"}
	for want, tick := range map[string]*Tick{
		"1 events but 0 results": {Tick: 1, Events: []TraceEvent{event}},
		"out of range":           {Tick: 7},
		"beside the result":      {Tick: 1, Events: []TraceEvent{event}, Results: []TaskResult{{Name: "b"}}},
		"/meta: want an object":  {Tick: 1, Events: []TraceEvent{{Tick: 1, Task: "a", Meta: "1"}}, Results: []TaskResult{result}},
	} {
		var e FrameEncoder
		err := e.Encode(Position{Request: someHash, RunKey: RunKey{"p", 1, 0}, Ticks: 2}, tick, 1<<20, func([]byte, int) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// framesWithMore are frames that hold more than events, and those by which a run ends.
func framesWithMore(t interface{ Fatal(...any) }) (all [][]byte) {
	add := func(frame []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, frame)
	}
	tick := benchTick(2)
	tick.Tick = 1
	for i := range tick.Events {
		tick.Events[i].Tick = 1
	}
	objects := []Object{{"a", "stdout", someHash, 12}, {"b", "value", someHash, 0}}
	surroundings := canon.Value(`{"cpus":2,"load":[0.5,null,18446744073709551616],"os":"linux"}`)
	for _, x := range []Extra{{}, {Objects: objects}, {Surroundings: surroundings}, {objects, surroundings}} {
		for _, end := range []bool{false, true} {
			p := Position{Request: someHash, RunKey: RunKey{"p", 1, 0}, Tick: 1, Total: 2, Ticks: 2}
			if end {
				p.Ticks = 0
			}
			add(x.Add(encodeAll(t, p, tick, 1<<20)[0], &p, end))
		}
	}
	p := Position{Request: someHash, RunKey: RunKey{"p", 1, 0}, Tick: 1, Total: 2, Ticks: 2}
	for _, kind := range OwnKinds {
		add(AppendDifference(nil, p, &Difference{kind, 1, 1, "a", "/value/x", `{"x":[1,2.5]}`, "null"}))
	}
	return all
}

func FuzzFrameDecode(f *testing.F) {
	rapidTick := &Tick{Tick: 1,
		Events:  []TraceEvent{{Tick: 1, Task: "a", Meta: `{"tags":["x"]}`}, {Tick: 1, Task: "b", Status: NotComputable, Meta: `{"tags":[]}`}},
		Results: []TaskResult{{Name: "a", Value: `{"k":[1,2.5,18446744073709551616,"é",null,false]}`}, {Name: "b", Status: NotComputable, Value: canon.Null, Error: "x"}}}
	for _, frame := range encodeAll(f, Position{Request: someHash, RunKey: RunKey{"p", 1, 0}, Ticks: 2}, rapidTick, 600) {
		f.Add(frame)
	}
	abandoned, _ := AppendAbandoned(nil, Position{Request: someHash, RunKey: RunKey{"p", 1, 0}, Ticks: 2, Total: 2}, "why")
	f.Add(abandoned)
	for _, frame := range framesWithMore(f) {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var d, again FrameDecoder
		if d.Decode(message) != nil || d.Abandoned != "" {
			return
		}
		if d.Difference != nil {
			frame, err := AppendDifference(nil, d.Position, d.Difference)
			if err == nil {
				err = again.Decode(frame)
			}
			if err != nil || *again.Difference != *d.Difference || again.Position != d.Position {
				t.Fatalf("%+v came back as %+v (%v)", d.Difference, again.Difference, err)
			}
			return
		}
		tick := &Tick{Tick: d.Tick}
		d.AppendTo(tick)
		// What was read is written back and read again, as part of its tick.
		p := d.Position
		full := &Tick{Tick: d.Tick, Events: make([]TraceEvent, p.First), Results: make([]TaskResult, p.First)}
		if p.First > 1000 || p.Total != p.First+d.Len() {
			return
		}
		full.Events, full.Results = append(full.Events, tick.Events...), append(full.Results, tick.Results...)
		frame, err := d.Extra.Add(encodeAll(t, p, full, 1<<30)[0], &p, d.End)
		if err == nil {
			err = again.Decode(frame)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d.Extra, again.Extra) || d.End != again.End {
			t.Fatalf("%+v, end %t came back as %+v, end %t", d.Extra, d.End, again.Extra, again.End)
		}
		if !bytes.Equal(d.Events(), again.Events()) || !bytes.Equal(d.Results(), again.Results()) || d.Position != again.Position {
			t.Fatalf("round trip:\n%s %s\n%s %s", d.Events(), d.Results(), again.Events(), again.Results())
		}
	})
}

// benchTick is a tick as a trivial pipeline makes it.
func benchTick(n int) *Tick {
	t := &Tick{Tick: 12345}
	for i := range n {
		name := fmt.Sprintf("task:%03d", i)
		t.Events = append(t.Events, TraceEvent{Tick: t.Tick, Task: name, Lane: Lane(i * 2 / n), CostOps: 1, Meta: `{"tags":["oracle"]}`})
		t.Results = append(t.Results, TaskResult{Name: name, Lane: Lane(i * 2 / n), Value: "12", CostOps: 1})
	}
	return t
}

func BenchmarkFrameEncode(b *testing.B) {
	perTick(b, func(tick *Tick, p Position) func() {
		var e FrameEncoder
		return func() {
			if err := e.Encode(p, tick, 1<<20, func([]byte, int) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFrameDecode(b *testing.B) {
	perTick(b, func(tick *Tick, p Position) func() {
		frame := encodeAll(b, p, tick, 1<<20)[0]
		var d FrameDecoder
		return func() {
			if err := d.Decode(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// From the frame's bytes to the hashes of its tick and of its run.
func BenchmarkFrameDecodeAndHash(b *testing.B) {
	perTick(b, func(tick *Tick, p Position) func() {
		frame := encodeAll(b, p, tick, 1<<20)[0]
		var d FrameDecoder
		h := NewRunHash()
		return func() {
			if err := d.Decode(frame); err != nil {
				b.Fatal(err)
			}
			h.AddFrame(&d)
			h.EndTick()
		}
	})
}

func perTick(b *testing.B, prepare func(*Tick, Position) func()) {
	for _, n := range []int{5, 50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			do := prepare(benchTick(n), Position{Request: someHash, RunKey: RunKey{"bench", 17, 4}, Ticks: 1 << 40})
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
