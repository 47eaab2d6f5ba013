package aalviz

import (
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// ResultsPackSchema and ResultRefSchema say what a document, or a part of one, is.
const (
	ResultsPackSchema = "ResultsPack.v0"
	ResultRefSchema   = "ResultRef.v0"
)

// ResultRef says in the meta of an event where its result is.
type ResultRef struct {
	Schema      string `json:"schema"`       // ResultRefSchema
	ResultsPack string `json:"results_pack"` // path in the export
	Task        string `json:"task"`
}

// ResultsPack is ResultsPack.v0: what the tasks of one tick returned.
type ResultsPack struct {
	Schema     string       `json:"schema"` // ResultsPackSchema
	RunID      string       `json:"run_id"`
	Tick       int64        `json:"tick"`
	Items      []ResultItem `json:"items"` // by task name, by code point
	Provenance Provenance   `json:"provenance"`
}

// ResultItem is the result of one task.
type ResultItem struct {
	Task   string `json:"task"`
	Result Result `json:"result"`
}

// Result is what a task returned and what it spent.
type Result struct {
	Name        string        `json:"name"`
	Lane        events.Lane   `json:"lane"`
	Status      events.Status `json:"status"`
	Value       canon.Value   `json:"value"` // null when there is none, and when it holds NaN or an infinity
	Error       *string       `json:"error"`
	CostOps     int64         `json:"cost_ops"`
	CostEntropy int64         `json:"cost_entropy"`
	Canonical   string        `json:"value_canonical,omitempty"` // the canonical bytes of a value that is not JSON
}

// NewResultsPack makes the ResultsPack of one tick.
func NewResultsPack(runID string, p Provenance, t *events.Tick) *ResultsPack {
	pack := &ResultsPack{Schema: ResultsPackSchema, RunID: runID, Tick: t.Tick, Items: make([]ResultItem, len(t.Results)), Provenance: p}
	for i := range t.Results {
		pack.Items[i] = ResultItem{t.Results[i].Name, newResult(&t.Results[i])}
	}
	slices.SortStableFunc(pack.Items, func(a, b ResultItem) int { return strings.Compare(a.Task, b.Task) })
	return pack
}

func newResult(r *events.TaskResult) Result {
	result := Result{Name: r.Name, Lane: r.Lane, Status: r.Status, Value: r.Value, CostOps: r.CostOps, CostEntropy: r.CostEntropy}
	if r.Error != "" || r.Status.Failed() {
		result.Error = &r.Error
	}
	if !r.Value.Standard() {
		result.Value, result.Canonical = canon.Null, string(r.Value)
	}
	return result
}
