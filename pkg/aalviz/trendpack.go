package aalviz

import (
	"errors"
	"fmt"
	"maps"
	"math/big"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// TrendPackVersion is the version of the documents that NewTrendPack makes.
const TrendPackVersion = "0.1"

// TrendPack is TrendPack.v0: what the tasks of one tick did, without what they
// returned.
type TrendPack struct {
	Version    string      `json:"version"` // TrendPackVersion
	RunID      string      `json:"run_id"`
	Tick       int64       `json:"tick"`
	Provenance canon.Value `json:"provenance"` // an object; a [Provenance] on ers.viz.> and in exports
	Timeline   []Event     `json:"timeline"`
	Budget     Budget      `json:"budget"`
	Errors     []Failure   `json:"errors"`
	Skipped    []Skip      `json:"skipped"`
	Stats      Stats       `json:"stats"`
	Object     *Object     `json:"object,omitempty"` // the whole document, where this one was cut; see [TrendPack.Cut]
}

// Event is one event of the tick, in the order of the trace.
type Event struct {
	Task        string        `json:"task"`
	Lane        events.Lane   `json:"lane"`
	Status      events.Status `json:"status"`
	CostOps     int64         `json:"cost_ops"`
	CostEntropy int64         `json:"cost_entropy"`
	Meta        canon.Value   `json:"meta"` // of the trace event, in an export with result_ref added
}

// Budget is what the two lanes spent.
type Budget struct {
	Forecast Spent `json:"forecast"`
	Shadow   Spent `json:"shadow"`
}

// Spent is what the tasks of one lane cost, those skipped not counted: integers of
// any size.
type Spent struct {
	Ops     canon.Value `json:"spent_ops"`
	Entropy canon.Value `json:"spent_entropy"`
}

// Failure is an event with status error. A task that is not computable is none.
type Failure struct {
	Task    string      `json:"task"`
	Lane    events.Lane `json:"lane"`
	CostOps int64       `json:"cost_ops"`
	Meta    canon.Value `json:"meta"` // of the trace event
}

// Skip is an event with status skipped_budget.
type Skip struct {
	Task        string      `json:"task"`
	Lane        events.Lane `json:"lane"`
	CostOps     int64       `json:"cost_ops"` // as declared
	CostEntropy int64       `json:"cost_entropy"`
}

// Stats counts events. Those that are not computable count in the total and in their
// lane alone.
type Stats struct {
	Total    int `json:"total_events"`
	Forecast int `json:"forecast_events"`
	Shadow   int `json:"shadow_events"`
	Errors   int `json:"errors"`
	Skipped  int `json:"skipped"`
	OK       int `json:"ok_events"`
}

// Object names an object in the bucket ERS_OBJECTS.
type Object struct {
	Bucket string `json:"bucket"` // events.BucketObjects
	SHA256 string `json:"sha256"` // its name, and the hash of its bytes
	Bytes  int    `json:"bytes"`
}

// NewTrendPack makes the TrendPack of one tick. provenance is an object in canonical
// form. resultsPack, if not empty, is the path of the tick's ResultsPack: each event of
// the timeline then has a [ResultRef] in its meta. The events are not changed.
func NewTrendPack(runID string, provenance canon.Value, tick int64, trace []events.TraceEvent, resultsPack string) (*TrendPack, error) {
	if runID == "" {
		return nil, errors.New("TrendPack: run_id is empty")
	}
	if provenance.Kind() != canon.Object {
		return nil, fmt.Errorf("TrendPack: provenance: want an object, found %s", provenance.Kind())
	}
	t := &TrendPack{Version: TrendPackVersion, RunID: runID, Tick: tick, Provenance: provenance,
		Timeline: make([]Event, len(trace)), Errors: []Failure{}, Skipped: []Skip{}}
	for i := range trace {
		e := &trace[i]
		if e.Tick != tick {
			return nil, fmt.Errorf("TrendPack of tick %d: event %d is one of tick %d", tick, i, e.Tick)
		}
		t.Timeline[i] = Event{e.Task, e.Lane, e.Status, e.CostOps, e.CostEntropy, e.Meta}
		if resultsPack != "" {
			meta, err := withRef(e.Meta, ResultRef{ResultRefSchema, resultsPack, e.Task})
			if err != nil {
				return nil, fmt.Errorf("TrendPack of tick %d: event %d: %w", tick, i, err)
			}
			t.Timeline[i].Meta = meta
		}
		t.sort(e)
	}
	var err error
	t.Budget, err = spent(trace)
	return t, err
}

// sort counts an event and lists it where it belongs.
func (t *TrendPack) sort(e *events.TraceEvent) {
	t.Stats.Total++
	if e.Lane == events.Forecast {
		t.Stats.Forecast++
	} else {
		t.Stats.Shadow++
	}
	switch e.Status {
	case events.OK:
		t.Stats.OK++
	case events.Error:
		t.Stats.Errors++
		t.Errors = append(t.Errors, Failure{e.Task, e.Lane, e.CostOps, e.Meta})
	case events.SkippedBudget:
		t.Stats.Skipped++
		t.Skipped = append(t.Skipped, Skip{e.Task, e.Lane, e.CostOps, e.CostEntropy})
	}
}

// spent adds up what attempted tasks cost. The sums of a trace from elsewhere can be
// larger than any budget of ours.
func spent(trace []events.TraceEvent) (b Budget, err error) {
	var ops, entropy [2]big.Int // by lane
	var cost big.Int
	for i := range trace {
		if e := &trace[i]; e.Status.Attempted() {
			ops[e.Lane].Add(&ops[e.Lane], cost.SetInt64(e.CostOps))
			entropy[e.Lane].Add(&entropy[e.Lane], cost.SetInt64(e.CostEntropy))
		}
	}
	for lane, to := range map[events.Lane]*Spent{events.Forecast: &b.Forecast, events.Shadow: &b.Shadow} {
		if to.Ops, err = canon.Of(&ops[lane]); err == nil {
			to.Entropy, err = canon.Of(&entropy[lane])
		}
		if err != nil {
			return b, fmt.Errorf("TrendPack: budget of lane %s: %w", lane, err)
		}
	}
	return b, nil
}

// Cut returns the document that stands for t where t is too big for one message: the
// same counts and sums, no events, and the object that holds all of t.
func (t *TrendPack) Cut(sha256 string, bytes int) *TrendPack {
	c := *t
	c.Timeline, c.Errors, c.Skipped = []Event{}, []Failure{}, []Skip{}
	c.Object = &Object{events.BucketObjects, sha256, bytes}
	return &c
}

// withRef adds a result_ref to a meta, in place of one that is there.
func withRef(meta canon.Value, ref ResultRef) (canon.Value, error) {
	members := maps.Collect(meta.Members())
	var err error
	if members["result_ref"], err = value(ref); err != nil {
		return "", err
	}
	return canon.Of(members)
}
