package aalviz

import (
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// StabilitySchema and StabilityRefSchema say what a document is.
const (
	StabilitySchema    = "RunStability.v0"
	StabilityRefSchema = "StabilityRef.v0"
)

// Stability is RunStability.v0: the verdict on a window as viewers know it. It follows
// from the verdict alone.
type Stability struct {
	Schema string `json:"schema"` // StabilitySchema
	RunID  string `json:"run_id"`
	OK     bool   `json:"ok"` // the window passed; an inconclusive one did not

	// The hashes of run 0 and of each run by its index, as [RunSHA256] makes them. A
	// run that was never sealed has "". Runs that are made in another way have none here:
	// what is equal of them is the forecast lane alone.
	Expected string   `json:"expected_trendpack_sha256"`
	Hashes   []string `json:"trendpack_sha256s"`

	FirstMismatch *int         `json:"first_mismatch_run"` // first run that differs from run 0; null when none does
	Divergence    *Instability `json:"divergence"`         // null unless the window failed
	Note          string       `json:"note"`               // the verdict in one line, and the window's request: the schema has no other place for it
}

// Instability says in what the runs of a window differ.
type Instability struct {
	Kind  events.DivergenceKind `json:"kind"`
	Diffs []Diff                `json:"diffs"` // the earliest first, then one for each other group that was looked at
}

// Diff is the first difference between the reference and a group of other runs.
type Diff struct {
	Runs       []int                 `json:"runs"` // that show it
	Kind       events.DivergenceKind `json:"kind"`
	Tick       int64                 `json:"tick"`
	EventIndex int                   `json:"event_index"` // in the tick
	Task       string                `json:"task"`
	Path       string                `json:"path"` // JSON pointer into the event with value and error added to it

	// Both sides at the path, a of the reference: as values, null where there is none,
	// and as canonical bytes, "" where there is nothing or, of all but the first
	// difference, it is not known.
	A          canon.Value `json:"a"`
	B          canon.Value `json:"b"`
	ACanonical string      `json:"a_canonical"`
	BCanonical string      `json:"b_canonical"`
}

func newDiff(l events.Location, runs []int) Diff {
	return Diff{Runs: runs, Kind: l.Kind, Tick: l.Tick, EventIndex: l.EventIndex, Task: l.Task, Path: l.Pointer, A: canon.Null, B: canon.Null}
}

// Reference is the run that the others of a window are compared with, the lowest of
// the largest group; run 0 when no run was sealed.
func Reference(v *events.Verdict) int {
	if len(v.Groups) == 0 {
		return 0
	}
	return v.Groups[0].Runs[0]
}

// NewStability makes the RunStability that runID is shown with.
func NewStability(v *events.Verdict, runID string) *Stability {
	s := &Stability{Schema: StabilitySchema, RunID: runID, OK: v.Outcome == events.Pass, Hashes: make([]string, v.Plain()),
		FirstMismatch: v.FirstMismatchIndex, Note: string(v.Outcome) + ": " + report.Headline(v) + " (request " + v.Request + ")"}
	for i := range s.Hashes {
		s.Hashes[i] = RunSHA256(v.Hashes[i], v.ResultHashes[i])
	}
	s.Expected = s.Hashes[0]
	if v.Divergence != nil {
		s.Divergence = newInstability(v)
	}
	return s
}

func newInstability(v *events.Verdict) *Instability {
	d := v.Divergence
	first := newDiff(d.Location, d.Runs)
	first.A, first.ACanonical = d.Expected.Value, d.Expected.Canonical
	first.B, first.BCanonical = d.Found.Value, d.Found.Canonical
	s := &Instability{Kind: d.Kind, Diffs: []Diff{first}}
	for _, g := range v.Groups {
		if g.Differs != nil && !slices.Equal(g.Runs, d.Runs) {
			s.Diffs = append(s.Diffs, newDiff(*g.Differs, g.Runs))
		}
	}
	return s
}

// RunSHA256 is the hash of what all TrendPacks of a run are made of: the SHA-256 of
// the canonical JSON {"result_sha256":…,"trace_sha256":…} with the run's two hashes.
//
// The documents themselves name their run, so that their bytes differ between runs
// that are equal; and they do not hold what tasks returned. This hash is equal for two
// runs exactly when the gate takes them for equal, follows from the verdict, or the
// run's last digest, without reading a frame, and can be recomputed from the frames.
// It is "" for a run without hashes.
func RunSHA256(trace, result string) string {
	if trace == "" {
		return ""
	}
	return canon.Sum([]byte(`{"result_sha256":"` + result + `","trace_sha256":"` + trace + `"}`)).String()
}

// StabilityRef is StabilityRef.v0: it points to the RunStability of a run.
type StabilityRef struct {
	Schema string `json:"schema"` // StabilityRefSchema
	RunID  string `json:"run_id"`
	Path   string `json:"runstability_path"` // in the export
	SHA256 string `json:"runstability_sha256"`
}
