package compare

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// incomplete says that the digests of some runs do not cover all of their ticks.
type incomplete struct {
	Source
	runs []int
}

func (s incomplete) Complete(run int) error {
	if slices.Contains(s.runs, run) {
		return &Contradiction{Run: run, Stream: events.StreamDigest, Seq: 9, Reason: "its digests begin with tick 2"}
	}
	return nil
}

// A last digest alone is no pass, and not even a fail because of a latch.
func TestPassNeedsWholeRuns(t *testing.T) {
	for _, latch := range []*events.Latch{nil, {Trace: testRequest}} {
		w := newTestWindow(3)
		w.req.Latch = latch
		w.seal(t)
		v, err := Judge(w.key(), &w.req, w.last, incomplete{w.runs, []int{0, 2}})
		if err != nil {
			t.Fatal(err)
		}
		if v.Outcome != events.Inconclusive || len(v.Problems) == 0 || !strings.Contains(v.Problems[0].Reason, "begin with tick 2") {
			t.Errorf("verdict %s, problems %v", v.Outcome, v.Problems)
		}
	}
}

// In a window that is inconclusive because of one run, the others are looked at too.
func TestAllProblemsAreTold(t *testing.T) {
	w := newTestWindow(4)
	w.seal(t)
	w.last[1] = events.Digest{}
	v, err := Judge(w.key(), &w.req, w.last, incomplete{w.runs, []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	if v.Outcome != events.Inconclusive || len(v.Problems) != 2 || v.Problems[0].Run != 1 || v.Problems[1].Run != 2 || v.Hashes[2] != "" || v.Hashes[3] == "" {
		t.Errorf("verdict %s, problems %v, hashes %v", v.Outcome, v.Problems, v.Hashes)
	}
	encode(t, &v)
}
