package scheduler_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// vector is one line of schedules.jsonl, made with the Python ERS itself.
type vector struct {
	Tasks []struct {
		Name        string      `json:"name"`
		Lane        events.Lane `json:"lane"`
		Priority    int64       `json:"priority"`
		CostOps     int64       `json:"cost_ops"`
		CostEntropy int64       `json:"cost_entropy"`
		Tags        []string    `json:"tags"`
		Outcome     string      `json:"outcome"`
	} `json:"tasks"`
	Tick      int64             `json:"tick"`
	Budget    scheduler.Budgets `json:"budget"`
	Trace     []json.RawMessage `json:"trace"`
	Remaining scheduler.Budgets `json:"remaining"`
	Canonical string            `json:"canonical"`
	SHA256    string            `json:"sha256"`
}

func vectors(t testing.TB) []vector {
	f, err := os.Open("testdata/schedules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, v)
	}
	if len(all) < 100 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

// schedule makes a scheduler of the vector's tasks.
func (v *vector) schedule(t testing.TB) *scheduler.Scheduler {
	s := scheduler.New()
	for _, task := range v.Tasks {
		run := func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, nil }
		if task.Outcome == "error" {
			run = func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, errors.New("boom") }
		}
		err := s.Add(scheduler.Task{Name: task.Name, Lane: task.Lane, Priority: task.Priority,
			Cost: scheduler.Cost{Ops: task.CostOps, Entropy: task.CostEntropy}, Tags: task.Tags, Run: run})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestVectors(t *testing.T) {
	for i, v := range vectors(t) {
		tick, err := v.schedule(t).Tick(context.Background(), v.Tick, v.Budget, nil)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		canonical := []byte(`{"events":[`)
		for j := range tick.Events {
			if j > 0 {
				canonical = append(canonical, ',')
			}
			if canonical, err = events.AppendEvent(canonical, &tick.Events[j]); err != nil {
				t.Fatal(err)
			}
			var want events.TraceEvent
			if err := events.Decode(v.Trace[j], &want); err != nil {
				t.Fatalf("line %d, event %d: %v", i+1, j, err)
			}
			if diff := cmp.Diff(want, tick.Events[j]); diff != "" {
				t.Errorf("line %d, event %d (-want +got):\n%s", i+1, j, diff)
			}
		}
		if got := string(append(canonical, "]}"...)); got != v.Canonical {
			t.Errorf("line %d: canonical\n got %s\nwant %s", i+1, got, v.Canonical)
		}
		if sum, err := events.TraceSHA256(tick.Events); sum != v.SHA256 || err != nil {
			t.Errorf("line %d: sha256 %s (%v), want %s", i+1, sum, err, v.SHA256)
		}
		if len(tick.Events) != len(v.Trace) || tick.Remaining != v.Remaining {
			t.Errorf("line %d: %d events, remaining %+v; want %d, %+v", i+1, len(tick.Events), tick.Remaining, len(v.Trace), v.Remaining)
		}
	}
}

// The published hash of the Python ERS for its invariance check.
func TestPublishedHash(t *testing.T) {
	const published = "ae7e4fe3526ad0e133d2f46de48f5941e5cf24382490e9d25088d8920decfd16"
	s := scheduler.New()
	none := func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, nil }
	err := s.Add(
		scheduler.Task{Name: "shadow:sei", Lane: events.Shadow, Cost: scheduler.Cost{Ops: 1}, Run: none},
		scheduler.Task{Name: "oracle:signal", Lane: events.Forecast, Cost: scheduler.Cost{Ops: 1}, Run: none},
	)
	if err != nil {
		t.Fatal(err)
	}
	budget := scheduler.Budget{Ops: 10, Entropy: 10}
	tick, err := s.Tick(context.Background(), 0, scheduler.Budgets{Forecast: budget, Shadow: budget}, canon.Null)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := events.TraceSHA256(tick.Events); sum != published || err != nil {
		t.Errorf("got %s (%v), want %s", sum, err, published)
	}
}
