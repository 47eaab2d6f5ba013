package events

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/vary"
)

var (
	someHash   = strings.Repeat("0123456789abcdef", 4)
	someHashes = Hashes{someHash, someHash, someHash, someHash}
)

// goodDocuments is one good document of each type, with every field set.
func goodDocuments() map[string]any {
	event := TraceEvent{Tick: 4, Task: "a", Lane: Shadow, Status: Error, CostOps: 1, CostEntropy: 2, Meta: `{"tags":["x"]}`}
	drill := &Drill{Run: 7, Tick: 4, Task: "a,b=c", Kind: "value"}
	one, line := 1, "a line"
	return map[string]any{
		"event": &event,
		"window": &WindowRequest{Schema: WindowSchema, Kind: Starlark, Pipeline: "p", DefinitionSHA256: someHash, ContextsSHA256: someHash,
			Runs: 12, FirstTick: 3, Ticks: 2, Budget: Budgets{Budget{1, 2}, Budget{3, 4}}, BudgetName: "tight", Drill: drill, Reproduce: "ers run",
			FirstRun: 24, Groups: []RunGroup{{"shadow-off", []int{10, 11}, []string{"oracle:watch"}}}, After: After{5, 6, 7, someHash}, Latch: &Latch{someHash, someHash, someHash}},
		"control": &Control{Schema: ControlSchema, Verb: Cancel, Pipeline: "p", Window: 17, Request: someHash, Reason: "too long"},
		"probe": &WindowRequest{Schema: WindowSchema, Kind: "exec", Pipeline: "p", DefinitionSHA256: someHash, ContextsSHA256: someHash,
			Runs: 2, Ticks: 2, Numbers: []int64{0, 7}, Variations: []vary.Name{vary.TZ}, Fixed: []vary.Name{vary.Locale, vary.GC}, Probe: &Probe{17, someHash, "tz alone is varied"}},
		"taken":     &Control{Schema: ControlSchema, Verb: Taken, Pipeline: "p", Window: 17, Request: someHash, Takings: 3, TraceSeq: 9},
		"taken run": &Control{Schema: ControlSchema, Verb: Taken, Pipeline: "p", Window: 17, Request: someHash, Takings: 3, Runs: []int{7}},
		"handout":   &Handout{Schema: HandoutSchema, Kind: Starlark, Pipeline: "p", Window: 17, Run: 7, Request: someHash},
		"void":      &Void{Schema: VoidSchema, Ends: Ends{1, 2, 3, 4, 5}, Reason: "ERS_TRACE names window 17"},
		"difference": &Digest{Schema: DigestSchema, Scheme: canon.Scheme, Request: someHash, Pipeline: "p", Window: 17, Run: 3, FirstTick: 3, Ticks: 0,
			Covers: []TickDigest{}, Hashes: someHashes, Final: true, LastSeq: 9, LowWater: 8,
			Difference: &Difference{KindRestart, 4, 1, "a", "/value", "1", "2"}},
		"digest": &Digest{Schema: DigestSchema, Scheme: canon.Scheme, Request: someHash, Pipeline: "p", Window: 17, Run: 3, FirstTick: 3, Ticks: 5,
			Covers: []TickDigest{{Tick: 4, Events: 2, Hashes: someHashes, FirstSeq: 8, LastSeq: 9, Resumed: true}},
			Done:   2, Events: 7, Hashes: someHashes, Final: true,
			Problem: &Problem{Run: 3, Stream: StreamTrace, Seq: 10, Reason: "why"}, LastSeq: 9, LowWater: 8, State: "s"},
		"verdict": &Verdict{Schema: VerdictSchema, Scheme: canon.Scheme, Outcome: Fail, Kind: Starlark, Pipeline: "p", Window: 17, Request: someHash, Case: someHash, FirstRun: 24,
			DefinitionSHA256: someHash, ContextsSHA256: someHash, Runs: 2, FirstTick: 3, Ticks: 2,
			ExpectedHash: someHash, ExpectedResultHash: someHash, Hashes: []string{someHash, ""}, ResultHashes: []string{someHash, ""},
			FirstMismatchIndex: &one, Groups: []Group{{someHash, someHash, someHash, someHash, []int{0}, nil}, {someHash, someHash, someHash, someHash, []int{1}, &Location{Kind: KindValue, Tick: 4, Task: "a", Pointer: "/value"}}},
			Outliers: []int{1}, Tie: true,
			Divergence: &Divergence{Location: Location{KindValue, 4, 1, "a", "/value/~1"}, Runs: []int{1}, Before: []TraceEvent{event},
				Expected: Side{Run: 0, Present: true, Canonical: "1", Value: "1", Event: &event, After: []TraceEvent{event}},
				Found:    Side{Run: 1, Canonical: "", Value: canon.Null, Error: "boom", After: []TraceEvent{}},
				Content:  &Content{Name: "stdout", As: "text", Line: 4, Column: 2, Offset: 17, Pointer: "/a", Equal: true, Expected: &line}},
			Problems:   []Problem{{Run: 1, Stream: StreamTrace, Seq: 10, Reason: "why"}},
			Variations: []vary.Name{vary.TZ}, Fixed: []vary.Name{vary.GC}, Numbers: []int64{0, 7}, Probe: &Probe{16, someHash, "why"},
			Latch: &Latch{Trace: someHash}, Drill: drill, Reproduce: "ers run", DigestSeq: 99},
		"pass": &Verdict{Schema: VerdictSchema, Scheme: canon.Scheme, Outcome: Pass, Kind: Starlark, Pipeline: "p", Window: 17, Request: someHash, Case: someHash,
			DefinitionSHA256: someHash, ContextsSHA256: someHash, Runs: 2, FirstTick: 3, Ticks: 2, ExpectedHash: someHash, ExpectedResultHash: someHash,
			Hashes: []string{someHash, someHash}, ResultHashes: []string{someHash, someHash}, Groups: []Group{{someHash, someHash, someHash, someHash, []int{0, 1}, nil}},
			Spread: true, Machines: []Machine{{"linux", "amd64", "6.1", "b", "one", []int{0}}, {"linux", "arm64", "6.1", "b", "two", []int{0, 1}}},
			Outliers: []int{}, Excludes: &Excludes{2, 50}, Reproduce: "ers run", DigestSeq: 99},
	}
}

func decodeNew(data []byte, like any) (any, error) {
	doc := reflect.New(reflect.TypeOf(like).Elem()).Interface()
	return doc, Decode(data, doc)
}

func TestDocumentRoundTrip(t *testing.T) {
	for name, doc := range goodDocuments() {
		data, err := Encode(doc)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v, err := canon.Parse(data); err != nil || string(v) != string(data) {
			t.Errorf("%s is not canonical: %s (%v)", name, data, err)
		}
		back, err := decodeNew(data, doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(doc, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every member of every document, at every depth, is missed when it is taken away
// (unless it is optional), noticed when it is doubled or renamed, and refused with a
// value of another type. The error names its pointer.
func TestDocumentIsStrict(t *testing.T) {
	for name, doc := range goodDocuments() {
		data, _ := Encode(doc)
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		mutations := 0
		eachMember(tree, "", func(object map[string]any, key, path string) {
			if strings.HasSuffix(path, "/value/x") {
				return
			}
			refused := func(what string) {
				text, _ := json.Marshal(tree)
				_, err := decodeNew(text, doc)
				if err == nil || !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), parent(path)) {
					t.Errorf("%s with %s %s: %v", name, path, what, err)
				}
				mutations++
			}
			value := object[key]
			switch key {
			case "runs":
				if name != "taken run" {
					delete(object, key)
					refused("missing")
				}
			case "latch", "drill", "probe", "numbers", "variations", "fixed", "reproduce", "problem", "problems", "state", "differs", "divergence", "difference", "event", "error", "first_run", "groups", "excludes", "budget_name", "result_sha256", "definition_sha256", "reason", "takings", "trace_seq", "spread", "machines", "resumed",
				"content", "as", "line", "column", "offset", "pointer", "equal": // optional somewhere
			default:
				delete(object, key)
				refused("missing")
			}
			object[key] = value
			if key != "value" && key != "meta" && key != "expected" && key != "found" || key == "expected" && name == "verdict" {
				object[key] = map[string]any{"odd": true}
				refused("of another type")
				object[key] = value
			}
			object["unknown"] = 1
			text, _ := json.Marshal(tree)
			if _, err := decodeNew(text, doc); err == nil || !strings.Contains(err.Error(), parent(path)+"/unknown: unknown field") {
				t.Errorf("%s with an unknown field beside %s: %v", name, path, err)
			}
			delete(object, "unknown")
		})
		if mutations < 10 {
			t.Errorf("%s: only %d mutations", name, mutations)
		}
		if _, err := decodeNew(append(data, " x"...), doc); err == nil {
			t.Errorf("%s: trailing bytes were taken", name)
		}
		doubled := strings.Replace(string(data), "{", `{"tick":1,"tick":1,`, 1)
		if _, err := decodeNew([]byte(doubled), doc); err == nil || !strings.Contains(err.Error(), `"tick"`) {
			t.Errorf("%s: a repeated field was taken: %v", name, err)
		}
	}
}

func parent(path string) string { return path[:strings.LastIndex(path, "/")] }

// eachMember visits the members of all objects in a JSON tree.
func eachMember(tree any, path string, visit func(object map[string]any, key, path string)) {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			visit(tree, key, path+"/"+key)
			if key != "meta" {
				eachMember(value, path+"/"+key, visit)
			}
		}
	case []any:
		for i, value := range tree {
			eachMember(value, path+"/"+string(rune('0'+i)), visit)
		}
	}
}

func TestDocumentChecks(t *testing.T) {
	for _, test := range []struct {
		doc, old, new, want string
	}{
		{"window", `"ers.window.v2"`, `"ers.window.v1"`, "unknown schema"},
		{"digest", `"ers.digest.v2"`, `"ers.verdict.v2"`, "unknown schema"},
		{"digest", `"ers-c14n/1"`, `"ers-c14n/2"`, "/scheme"},
		{"window", `"pipeline":"p"`, `"pipeline":"a.b"`, "/pipeline"},
		{"window", `"runs":12`, `"runs":1`, "/runs: 1 is out of range"},
		{"window", `"runs":12`, `"runs":1001`, "/runs: 1001 is out of range"},
		{"window", `"runs":12`, `"runs":9`, "/groups/0/runs: run 10"},
		{"window", `"run":7`, `"run":12`, "/drill/run"},
		{"window", `"ticks":2`, `"ticks":-1`, "/ticks"},
		{"window", `"kind":"starlark"`, `"kind":"Star"`, "/kind"},
		{"window", `"verdict":7`, `"verdict":0`, "/after"},
		{"window", `"verdict_sha256":"0`, `"verdict_sha256":"x`, "/after/verdict_sha256"},
		{"window", `"first_tick":3`, `"first_tick":-1`, "/first_tick"},
		{"window", `"first_tick":3`, `"first_tick":9223372036854775806`, "/ticks"},
		{"window", `"ticks":2`, `"ticks":1`, "/drill/tick"},
		{"window", `"ops":3`, `"ops":-3`, "/budget"},
		{"window", `"kind":"value"`, `"kind":"latch"`, "/drill/kind"},
		{"window", `"trace_sha256":"0`, `"trace_sha256":"X`, "/latch/trace_sha256"},
		{"window", `"result_sha256":"0`, `"result_sha256":"X`, "/latch/result_sha256"},
		{"window", `"budget_name":"tight"`, `"budget_name":"a.b"`, "/budget_name: budget name"},
		{"window", `"budget_name":"tight"`, `"budget_name":""`, "/budget_name: empty: leave it out"},
		{"window", `"first_run":24`, `"first_run":-1`, "/first_run"},
		{"window", `"first_run":24`, `"first_run":9223372036854775800`, "/first_run: 12 runs from run 9223372036854775800"},
		{"probe", `"numbers":[0,7]`, `"numbers":[0,-7]`, "/numbers: one is negative"},
		{"probe", `"numbers":[0,7]`, `"numbers":[0]`, "/numbers: 1 for 2 runs"},
		{"probe", `"numbers":[0,7]`, `"first_run":1,"numbers":[0,7]`, "/numbers: 2 for 2 runs: want one for each, and no first_run"},
		{"probe", `"fixed":["locale","gc"]`, `"fixed":["tz"]`, `/fixed: "tz" is varied too`},
		{"probe", `"fixed":["locale","gc"]`, `"fixed":["gc","locale"]`, "/fixed: "},
		{"probe", `"variations":["tz"]`, `"variations":["zz"]`, "/variations: there is no variation"},
		{"probe", `"window":17`, `"window":0`, "/probe"},
		{"probe", `"question":"tz alone is varied"`, `"question":""`, "/probe"},
		{"probe", `"request_sha256":"0`, `"request_sha256":"X`, "/probe/request_sha256"},
		{"pass", `"percent":50`, `"percent":101`, "/excludes"},
		{"pass", `"one_in":2`, `"one_in":1`, "/excludes"},
		{"pass", `"excludes":{"one_in":2,"percent":50},`, ``, "/excludes"},
		{"window", `"definition_sha256":"0`, `"definition_sha256":"A`, "/definition_sha256"},
		{"window", `"runs":12`, `"runs":12.0`, "/runs: want an integer of 64 bits, found a float"},
		{"digest", `"tick":4`, `"tick":5`, "/covers/0/tick: 5 where 4 belongs"},
		{"digest", `"done":2`, `"done":6`, "/done"},
		{"digest", `"final":true`, `"final":false`, "/final"},
		{"difference", `"final":true`, `"final":false`, "/final"},
		{"difference", `"kind":"restart"`, `"kind":"value"`, "/difference/kind"},
		{"digest", `"request":"0`, `"request":"X`, "request"},
		{"verdict", `"request":"0`, `"request":"X`, "/request"},
		{"verdict", `"case":"0`, `"case":"X`, "/case"},
		{"control", `"verb":"cancel"`, `"verb":"undo"`, "/verb"},
		{"control", `"window":17`, `"window":0`, "/window"},
		{"void", `"reason":"ERS_TRACE names window 17"`, `"reason":""`, "/reason"},
		{"digest", `"first_seq":8`, `"first_seq":10`, "/covers/0"},
		{"digest", `"run":3,"schema"`, `"run":1000,"schema"`, "run 1000"},
		{"window", `"reproduce":"ers run"`, `"reproduce":""`, "/reproduce: empty: leave it out"},
		{"verdict", `"outcome":"fail"`, `"outcome":"maybe"`, "/outcome"},
		{"verdict", `"outcome":"fail"`, `"outcome":"pass"`, "/divergence"},
		{"verdict", `"outcome":"fail"`, `"outcome":"inconclusive"`, "/divergence"},
		{"verdict", `"runs":2`, `"runs":3`, "/hashes"},
		{"event", `"tick":4`, `"tick":-4`, "/tick"},
		{"event", `"cost_ops":1`, `"cost_ops":-1`, "/cost_ops"},
		{"event", `"lane":"shadow"`, `"lane":"Shadow"`, `/lane: unknown lane "Shadow"`},
		{"event", `"status":"error"`, `"status":"failed"`, `/status: unknown status "failed"`},
		{"event", `"meta":{"tags":["x"]}`, `"meta":[]`, "/meta: want an object"},
	} {
		doc := goodDocuments()[test.doc]
		data, _ := Encode(doc)
		changed := strings.Replace(string(data), test.old, test.new, 1)
		if changed == string(data) {
			t.Errorf("%s has no %s", data, test.old)
		}
		_, err := decodeNew([]byte(changed), doc)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s with %s: %v, want %q", test.doc, test.new, err, test.want)
		}
		if strings.Contains(test.want, "schem") && !errors.Is(err, ErrSchema) {
			t.Errorf("%v is no ErrSchema", err)
		}
	}
}

func FuzzDecodeDocument(f *testing.F) {
	for _, doc := range goodDocuments() {
		data, _ := Encode(doc)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, like := range goodDocuments() {
			doc, err := decodeNew(data, like)
			if err != nil {
				continue
			}
			again, err := Encode(doc)
			if v, perr := canon.Parse(data); err != nil || perr != nil || string(v) != string(again) {
				t.Fatalf("%s: %s came back as %s (%v, %v)", name, data, again, err, perr)
			}
		}
	})
}

func TestDecodeTrace(t *testing.T) {
	const one = `{"tick":0,"task":"a","lane":"forecast","status":"ok","cost_ops":1,"cost_entropy":0,"meta":{"tags":[]}}`
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{`{"events":[` + one + `,` + one + `]}`, 2, ""},
		{`{"events":[]}`, 0, ""},
		{`[` + one + `]`, 1, ""},
		{one + "\n" + one + "\n\n" + one, 3, ""},
		{one, 1, ""},
		{"", 0, "no trace"},
		{`{"events":{}}`, 0, "event 0: "},
		{`{"events":[],"more":1}`, 0, "event 0: "},
		{one + "\n{", 0, "line 2, column 2"},
		{`[` + one + `,{}]`, 0, "event 1: /cost_entropy: missing"},
		{"17", 0, "event 0: want an object, found an integer"},
	} {
		trace, err := DecodeTrace([]byte(test.text))
		if test.want == "" && (err != nil || len(trace) != test.n) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%.60s: %d events, %v; want %d, %q", test.text, len(trace), err, test.n, test.want)
		}
	}
}

// The fast way of writing covers equals the plain one.
func TestAppendCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.StringMatching(`[0-9a-f]{64}`)
		covers := rapid.SliceOf(rapid.Custom(func(t *rapid.T) TickDigest {
			return TickDigest{Tick: rapid.Int64().Draw(t, "tick"), Events: rapid.Int().Draw(t, "events"),
				Hashes:   Hashes{hash.Draw(t, "trace"), hash.Draw(t, "result"), hash.Draw(t, "forecast"), hash.Draw(t, "forecast results")},
				FirstSeq: rapid.Uint64().Draw(t, "first"), LastSeq: rapid.Uint64().Draw(t, "last")}
		})).Draw(t, "covers")
		want := []byte("[")
		for i := range covers {
			if i > 0 {
				want = append(want, ',')
			}
			var err error
			if want, err = appendStruct(want, reflect.ValueOf(covers[i])); err != nil {
				t.Fatal(err)
			}
		}
		if got := appendCovers(nil, covers); string(got) != string(want)+"]" {
			t.Fatalf("got %s, want %s]", got, want)
		}
	})
}

// A digest of many ticks, as a hasher under load writes and a gate reads it.
func BenchmarkDigest(b *testing.B) {
	d := goodDocuments()["digest"].(*Digest)
	d.Ticks, d.Done, d.Problem, d.Final = 1000, 1000, nil, true
	d.Covers = nil
	for i := range int64(1000) {
		d.Covers = append(d.Covers, TickDigest{Tick: d.FirstTick + i, Events: 5, Hashes: someHashes, FirstSeq: uint64(i), LastSeq: uint64(i)})
	}
	data, err := Encode(d)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Encode(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Decode(data, new(Digest)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
