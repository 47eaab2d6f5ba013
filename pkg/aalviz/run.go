package aalviz

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The schemas of the documents of a run.
const (
	RunHeaderSchema = "RunHeader.v0"
	RunIndexSchema  = "RunIndex.v0"
	ManifestSchema  = "Manifest.v0"
)

// RunHeader is RunHeader.v0: what is known of a run as a whole.
type RunHeader struct {
	Schema       string   `json:"schema"` // RunHeaderSchema
	RunID        string   `json:"run_id"`
	Mode         string   `json:"mode"`
	Code         Code     `json:"code"`
	Bindings     Bindings `json:"pipeline_bindings"`
	PolicyRefs   struct{} `json:"policy_refs"` // none: a window has no policies but its budgets
	StabilityRef string   `json:"stability_ref_pattern"`
	Env          Env      `json:"env"`
}

// Code says which code ran. The definition is all of it; where it was kept before it
// was submitted is not known.
type Code struct {
	GitSHA           *string `json:"git_sha"` // null
	DefinitionSHA256 string  `json:"definition_sha256"`
}

// Bindings are the window's request.
type Bindings struct {
	Pipeline         string         `json:"pipeline"`
	Window           uint64         `json:"window"`
	Request          string         `json:"request"` // SHA-256 of the window's request
	Run              int            `json:"run"`
	Runs             int            `json:"runs"`
	FirstTick        int64          `json:"first_tick"`
	Ticks            int64          `json:"ticks"`
	DefinitionSHA256 string         `json:"definition_sha256"`
	ContextsSHA256   string         `json:"contexts_sha256"`
	Budget           events.Budgets `json:"budget"`
	Latch            *events.Latch  `json:"latch,omitempty"`
	Drill            *events.Drill  `json:"drill,omitempty"`
}

// Env is what the record knows of where a run took place: by which engine and which
// scheme of canonical bytes. On what machine it ran must not matter and is not recorded.
type Env struct {
	Engine string `json:"engine"` // Engine
	Scheme string `json:"scheme"` // canon.Scheme
}

// NewRunHeader makes the RunHeader of a run. stabilityRef is the path of its
// StabilityRef in the export.
func NewRunHeader(w events.WindowKey, run int, r *events.WindowRequest, mode, stabilityRef string) *RunHeader {
	k := w.Run(run)
	return &RunHeader{Schema: RunHeaderSchema, RunID: RunID(k), Mode: mode,
		Code: Code{DefinitionSHA256: r.DefinitionSHA256},
		Bindings: Bindings{Pipeline: k.Pipeline, Window: k.Window, Request: w.Request, Run: run, Runs: r.Runs, FirstTick: r.FirstTick, Ticks: r.Ticks,
			DefinitionSHA256: r.DefinitionSHA256, ContextsSHA256: r.ContextsSHA256, Budget: r.Budget, Latch: r.Latch, Drill: r.Drill},
		StabilityRef: stabilityRef,
		Env:          Env{Engine, canon.Scheme},
	}
}

// RunIndex is RunIndex.v0: where the documents of a tick are, and their hashes.
type RunIndex struct {
	Schema     string      `json:"schema"` // RunIndexSchema
	RunID      string      `json:"run_id"`
	Tick       int64       `json:"tick"`
	Refs       IndexRefs   `json:"refs"`
	Hashes     IndexHashes `json:"hashes"`
	Tags       []string    `json:"tags"`
	Provenance Provenance  `json:"provenance"`
}

// IndexRefs are paths in the export.
type IndexRefs struct {
	TrendPack    string `json:"trendpack"`
	ResultsPack  string `json:"results_pack"`
	ViewPack     string `json:"view_pack"`
	RunHeader    string `json:"run_header"`
	StabilityRef string `json:"stability_ref"`
}

// IndexHashes are the SHA-256 of the files that IndexRefs names.
type IndexHashes struct {
	TrendPack    string `json:"trendpack_sha256"`
	ResultsPack  string `json:"results_pack_sha256"`
	ViewPack     string `json:"view_pack_sha256"`
	RunHeader    string `json:"run_header_sha256"`
	StabilityRef string `json:"stability_ref_sha256"`
}

// NewRunIndex makes the RunIndex of one tick. Its one tag is the mode.
func NewRunIndex(runID string, p Provenance, tick int64, refs IndexRefs, hashes IndexHashes) *RunIndex {
	return &RunIndex{RunIndexSchema, runID, tick, refs, hashes, []string{p.Mode}, p}
}

// Manifest is Manifest.v0: the files of one run. The records stand in the order of
// their ticks, those of the run as a whole before all, and then by kind.
type Manifest struct {
	Schema  string         `json:"schema"` // ManifestSchema
	RunID   string         `json:"run_id"`
	Records []Record       `json:"records"`
	Status  ManifestStatus `json:"status"`
}

// ManifestStatus tells whether the files show all ticks of the run.
type ManifestStatus struct {
	Complete bool            `json:"complete"`
	Problem  *events.Problem `json:"problem"` // null when complete; otherwise what is wrong with the record behind the last tick
}

// Record is one file in a manifest.
type Record struct {
	Tick   *int64 `json:"tick,omitempty"` // nil: of the run as a whole
	Kind   string `json:"kind"`           // trendpack, results_pack, …
	Schema string `json:"schema"`
	Path   string `json:"path"` // in the export
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
}
