package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// stability is the RunStability that follows from a verdict. said is what stands there.
func (v *verdict) stability(said []byte) []byte {
	reference := 0
	if len(v.Groups) > 0 && len(v.Groups[0].Runs) > 0 {
		reference = v.Groups[0].Runs[0]
	}
	list := []any{}
	for i := range v.Runs - v.further() {
		list = append(list, runHash(v.Hashes[i], v.ResultHashes[i]))
	}
	doc := map[string]any{
		"schema": "RunStability.v0", "run_id": v.runID(reference), "ok": v.Outcome == events.Pass,
		"expected_trendpack_sha256": list[0], "trendpack_sha256s": list, "first_mismatch_run": nil, "divergence": nil,
		"note": v.note(said),
	}
	if v.FirstMismatchIndex != nil {
		doc["first_mismatch_run"] = number(int64(*v.FirstMismatchIndex))
	}
	if d := v.Divergence; d != nil {
		diffs := []any{diff(d.location, d.Runs, d.Expected.Value, d.Found.Value, d.Expected.Canonical, d.Found.Canonical)}
		for _, g := range v.Groups {
			if g.Differs != nil && !slices.Equal(g.Runs, d.Runs) {
				diffs = append(diffs, diff(*g.Differs, g.Runs, nil, nil, "", ""))
			}
		}
		doc["divergence"] = map[string]any{"kind": d.Kind, "diffs": diffs}
	}
	return appendTree(nil, doc)
}

func diff(l location, runs []int, a, b any, aText, bText string) map[string]any {
	list := []any{}
	for _, run := range runs {
		list = append(list, number(int64(run)))
	}
	return map[string]any{"runs": list, "kind": l.Kind, "tick": number(l.Tick), "event_index": number(int64(l.EventIndex)), "task": l.Task, "path": l.Pointer,
		"a": a, "b": b, "a_canonical": aText, "b_canonical": bText}
}

// runHash is the hash of what all TrendPacks of a run are made of.
func runHash(trace, result string) string {
	if trace == "" {
		return ""
	}
	return shaOf([]byte(`{"result_sha256":"` + result + `","trace_sha256":"` + trace + `"}`))
}

// note is the verdict in one line. Where it is no pass, the line beyond the outcome is a
// text for people that is not made again here: it is taken as it stands.
func (v *verdict) note(said []byte) string {
	head, tail := string(v.Outcome)+": ", " (request "+v.Request+")"
	switch {
	case v.Drill != nil:
		head += "drill: "
	case v.Probe != nil:
		head += "probe: "
	}
	head += v.emptied()
	switch {
	case v.Outcome == events.Pass && v.Drill != nil:
		return head + fmt.Sprintf("all %d runs are equal: the difference made on purpose was not seen", v.Runs) + tail
	case v.Outcome == events.Pass && len(v.RunGroups) > 0:
		further := v.further()
		return head + fmt.Sprintf("all %d runs are equal to the byte, and so is the forecast lane of %d more without shadow tasks", v.Runs-further, further) + tail
	case v.Outcome == events.Pass:
		return head + fmt.Sprintf("all %d runs are equal to the byte", v.Runs) + tail
	}
	var doc struct {
		Note string `json:"note"`
	}
	if json.Unmarshal(said, &doc) == nil && strings.HasPrefix(doc.Note, head) && strings.HasSuffix(doc.Note, tail) && clean(doc.Note) == doc.Note {
		return doc.Note
	}
	return head + "…" + tail
}
