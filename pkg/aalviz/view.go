package aalviz

import (
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// The schemas of a ViewPack and of the parts of it that have one.
const (
	ViewPackSchema         = "ViewPack.v0"
	InvarianceSchema       = "InvarianceSummary.v0"
	StabilitySummarySchema = "StabilitySummary.v0"
	TrendPackSchema        = "TrendPack.v0"
)

// MaxResolved is how many results a ViewPack holds at most.
const MaxResolved = 50

// ViewPack is ViewPack.v0: a tick in one file, with the results of the tasks that
// need a look.
type ViewPack struct {
	Schema         string         `json:"schema"` // ViewPackSchema
	RunID          string         `json:"run_id"`
	Tick           int64          `json:"tick"`
	Mode           string         `json:"mode"`
	TrendPackRef   TrendPackRef   `json:"trendpack_ref"`
	Aggregates     Aggregates     `json:"aggregates"`
	Events         []Event        `json:"events"`   // the timeline, without result_ref
	Resolved       []Resolved     `json:"resolved"` // in the order of the events
	ResolvedFilter ResolvedFilter `json:"resolved_filter"`
	Provenance     Provenance     `json:"provenance"`
}

// TrendPackRef says where the tick's TrendPack is in the export.
type TrendPackRef struct {
	Schema  string `json:"schema"`  // TrendPackSchema
	Pattern string `json:"pattern"` // of the paths of all ticks
	RunID   string `json:"run_id"`
	Tick    int64  `json:"tick"`
}

// Aggregates is what a viewer shows of a tick at first sight.
type Aggregates struct {
	Stats        Stats            `json:"stats"`
	Budget       Budget           `json:"budget"`
	ErrorCount   int              `json:"error_count"`
	SkippedCount int              `json:"skipped_count"`
	Invariance   Invariance       `json:"invariance"`
	Stability    StabilitySummary `json:"stability_summary"`
}

// Invariance is InvarianceSummary.v0.
type Invariance struct {
	Schema          string `json:"schema"`           // InvarianceSchema
	TrendPackSHA256 string `json:"trendpack_sha256"` // of the tick's TrendPack in the export
	RunHeaderSHA256 string `json:"runheader_sha256"`
	Passed          bool   `json:"passed"` // the window passed
}

// StabilitySummary is StabilitySummary.v0, out of a [Stability].
type StabilitySummary struct {
	Schema         string  `json:"schema"` // StabilitySummarySchema
	OK             bool    `json:"ok"`
	FirstMismatch  *int    `json:"first_mismatch_run"`
	DivergenceKind *string `json:"divergence_kind"`
}

// Summary returns the summary of s.
func (s *Stability) Summary() StabilitySummary {
	summary := StabilitySummary{Schema: StabilitySummarySchema, OK: s.OK, FirstMismatch: s.FirstMismatch}
	if s.Divergence != nil {
		kind := string(s.Divergence.Kind)
		summary.DivergenceKind = &kind
	}
	return summary
}

// Resolved is an event with its result.
type Resolved struct {
	Event  Event       `json:"event"`
	Ref    ResolvedRef `json:"ref"`
	Result Result      `json:"result"`
}

// ResolvedRef is a [ResultRef] that has been followed.
type ResolvedRef struct {
	Schema string `json:"schema"` // ResultRefSchema
	Task   string `json:"task"`
}

// ResolvedFilter says which results a ViewPack holds.
type ResolvedFilter struct {
	Limit        int             `json:"limit"` // MaxResolved
	StatusFilter []events.Status `json:"status_filter"`
	ActualCount  int             `json:"actual_count"`
}

// resolved are the statuses whose results a ViewPack holds.
var resolved = []events.Status{events.Error, events.NotComputable, events.SkippedBudget}

// NewViewPack makes the ViewPack of one tick. pattern is that of the TrendPacks' paths.
// trendPack is the tick's TrendPack and in the summary its hash and that of the run's
// header.
func NewViewPack(runID, pattern string, p Provenance, trendPack *TrendPack, i Invariance, s *Stability, t *events.Tick) *ViewPack {
	v := &ViewPack{Schema: ViewPackSchema, RunID: runID, Tick: t.Tick, Mode: p.Mode,
		TrendPackRef: TrendPackRef{TrendPackSchema, pattern, runID, t.Tick},
		Aggregates: Aggregates{Stats: trendPack.Stats, Budget: trendPack.Budget,
			ErrorCount: len(trendPack.Errors), SkippedCount: len(trendPack.Skipped), Invariance: i, Stability: s.Summary()},
		Events: slices.Clone(trendPack.Timeline), Resolved: []Resolved{}, Provenance: p}
	for i := range v.Events {
		v.Events[i].Meta = t.Events[i].Meta
		if slices.Contains(resolved, v.Events[i].Status) && len(v.Resolved) < MaxResolved {
			v.Resolved = append(v.Resolved, Resolved{v.Events[i], ResolvedRef{ResultRefSchema, v.Events[i].Task}, newResult(&t.Results[i])})
		}
	}
	v.ResolvedFilter = ResolvedFilter{MaxResolved, resolved, len(v.Resolved)}
	return v
}
