package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// window is what the streams say about one window.
type window struct {
	events.WindowKey
	asked   *events.WindowRequest // as it is on the stream
	request *events.WindowRequest // as it is shown, see client.Shown
	verdict *events.Verdict       // nil while there is none
	raw     []byte                // the verdict's document
	seq     uint64                // of the verdict on ERS_VERDICT
	judged  int64                 // when that was, in milliseconds

	archived *events.Pruned // says where its runs are; nil: they are here
}

// here makes sure that there is something of its runs to be read.
func (w *window) here() error {
	if w.archived == nil {
		return nil
	}
	return &client.ArchivedError{Pruned: w.archived}
}

// findWindow reads a window's request and its verdict.
func (s *Server) findWindow(ctx context.Context, id uint64) (*window, error) {
	r, key, err := client.Get(ctx, s.Bus, id)
	if err != nil {
		return nil, err
	}
	v, m, err := client.VerdictSoFar(ctx, s.Bus, key)
	if err != nil {
		return nil, err
	}
	shown, err := client.Shown(ctx, s.Bus, key, r)
	if err != nil {
		return nil, err
	}
	archived, err := client.Archived(ctx, s.Bus, key)
	if err != nil {
		return nil, err
	}
	return &window{WindowKey: key, asked: r, request: shown, verdict: v, raw: m.Data, seq: m.Seq, judged: milliseconds(m), archived: archived}, nil
}

// findWindowOf reads the window that a question is about.
func (s *Server) findWindowOf(ctx context.Context, q query) (*window, error) {
	id, err := q.number("window", 0, 1, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	return s.findWindow(ctx, uint64(id))
}

// windowAnswer is one window.
type windowAnswer struct {
	Summary
	Request  json.RawMessage `json:"request"`
	Verdict  json.RawMessage `json:"verdict"` // null while there is none
	Seq      uint64          `json:"verdict_seq,omitempty"`
	Report   string          `json:"report,omitempty"`   // the verdict as text
	Command  string          `json:"command,omitempty"`  // for a shell, that shows it again
	Place    string          `json:"place,omitempty"`    // of the first difference, in words where it is in what a command came to
	Progress []runState      `json:"progress,omitempty"` // of each run, unless there is a verdict that tells it

	Downloads []string `json:"downloads"` // the forms in which it can be had as a file

	Variations []variation `json:"variations,omitempty"`
	Passed     uint64      `json:"passed,omitempty"` // the last window before it that passed, of one that did not

	Suspects *suspicion `json:"suspects,omitempty"` // of a fail with variations
	Machines string     `json:"machines,omitempty"` // what the machines of the verdict say of it, as a sentence

	Interference string `json:"interference,omitempty"` // what the shadow lane has to do with the difference
}

// runState is how far a run is hashed.
type runState struct {
	Run   int   `json:"run"`
	Done  int64 `json:"done"`
	Final bool  `json:"final"`
}

func (s *Server) window(ctx context.Context, q query) (any, error) {
	w, err := s.findWindowOf(ctx, q)
	if err != nil {
		return nil, err
	}
	asked, err := events.Encode(w.asked)
	if err != nil {
		return nil, err
	}
	a := windowAnswer{Summary: Summary{Window: w.Window, State: stateRunning}, Request: asked, Verdict: json.RawMessage("null")}
	a.describe(w.request)
	a.Downloads = s.formats()
	a.Variations, a.Judged = w.variations(), w.judged
	if m, err := s.Bus.Get(ctx, events.StreamWindow, w.Window); err == nil {
		a.Asked = milliseconds(m)
	}
	if v := w.verdict; v != nil {
		a.judge(v)
		a.Verdict, a.Seq, a.Machines = w.raw, w.seq, report.Machines(v)
		if v.Divergence != nil {
			a.Place = report.Place(v.Divergence)
		}
		a.Interference = report.Interference(v)
		if names, sentence := report.Suspects(v); sentence != "" {
			a.Suspects = &suspicion{names, sentence}
		}
		a.Command = report.Command(v.Reproduce)
		a.Report = string(report.Append(nil, v, report.Options{Width: 100}))
	}
	if err := w.here(); err != nil {
		a.archivedIn(w.archived.Archive)
		a.Report = report.Clean(err.Error()) + "\n\n" + a.Report
		return a, nil
	}
	if w.verdict != nil && w.verdict.Outcome != events.Pass {
		a.Passed = s.index.lastPass(w.Pipeline, w.Window)
	}
	if w.verdict == nil || w.verdict.Outcome == events.Inconclusive {
		if a.Progress, err = s.runStates(ctx, w); err != nil {
			return nil, err
		}
		for _, r := range a.Progress {
			a.Done += r.Done
		}
	}
	return a, nil
}

func (s *Server) runStates(ctx context.Context, w *window) ([]runState, error) {
	var list []runState
	for run := range w.request.Runs {
		d, err := record.LastDigest(ctx, s.Bus, w.Run(run))
		if err != nil && !errors.Is(err, bus.ErrNotFound) {
			return nil, err
		}
		list = append(list, runState{run, d.Done, d.Final && d.Problem == nil && d.Difference == nil})
	}
	return list, nil
}

// windowsAnswer is a part of the list.
type windowsAnswer struct {
	Ready     bool              `json:"ready"` // false: more is still being read
	NATS      string            `json:"nats"`  // where others reach the server; empty: nowhere
	Windows   []Summary         `json:"windows"`
	More      bool              `json:"more"`
	Cut       int               `json:"cut,omitempty"` // so many windows are listed at most, and there are older ones
	Pipelines []pipelineSummary `json:"pipelines"`     // those that fail first, then the one with the newest window
	Others    int               `json:"others"`        // pipelines that are left out here
}

// pipelineSummary is a pipeline with its newest windows, the newest last.
type pipelineSummary struct {
	Name    string        `json:"name"`
	State   string        `json:"state"` // of the newest window that is judged and counts; of the newest, where there is none
	Windows int           `json:"windows"`
	Recent  []recentState `json:"recent"`
}

type recentState struct {
	Window uint64       `json:"window"`
	State  string       `json:"state"`
	Drill  bool         `json:"drill,omitempty"`
	Probe  bool         `json:"probe,omitempty"`
	Empty  events.Empty `json:"empty,omitempty"`
}

// What the list shows of pipelines where nothing else is asked for: so many of them, with
// so many of their newest windows.
const (
	fewPipelines = 24
	maxRecent    = 20
)

// windows answers with the newest windows, of those that a filter wants.
func (s *Server) windows(_ context.Context, q query) (any, error) {
	limit, err := q.number("limit", 50, 1, 1000)
	if err != nil {
		return nil, err
	}
	wanted, err := q.filter()
	if err != nil {
		return nil, err
	}
	pipelines, err := q.number("pipelines", fewPipelines, 0, maxIndexed)
	if err != nil {
		return nil, err
	}
	a := windowsAnswer{Ready: s.index.ready(), NATS: s.Bus.URL(), Cut: s.index.cut()}
	a.Windows, a.More = s.index.find(wanted, int(limit))
	a.Pipelines = s.index.pipelines()
	if n := int(pipelines); len(a.Pipelines) > n {
		a.Pipelines, a.Others = a.Pipelines[:n], len(a.Pipelines)-n
	}
	return a, nil
}

func (x *index) pipelines() []pipelineSummary {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := make(map[string]int)
	list, newest := []pipelineSummary{}, []bool{} // newest: its state is looked for
	for _, id := range slices.Backward(x.order) {
		w := x.windows[id]
		i, ok := at[w.Pipeline]
		if !ok {
			i = len(list)
			at[w.Pipeline] = i
			list = append(list, pipelineSummary{Name: w.Pipeline, State: w.State})
			newest = append(newest, true)
		}
		if newest[i] && w.State != stateRunning && w.counts() {
			list[i].State, newest[i] = w.State, false
		}
		list[i].Windows++
		if len(list[i].Recent) < maxRecent {
			list[i].Recent = append(list[i].Recent, recentState{id, w.State, w.Drill, w.Probe, w.Empty})
		}
	}
	for i := range list {
		slices.Reverse(list[i].Recent)
	}
	slices.SortStableFunc(list, func(a, b pipelineSummary) int { return cmp.Compare(urgency(a.State), urgency(b.State)) })
	return list
}
