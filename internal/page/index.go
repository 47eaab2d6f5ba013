package page

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// maxIndexed is how many windows the list knows, the newest. Older ones are found by
// their number.
const maxIndexed = 10_000

// The states of a window in the list, beside the outcomes of verdicts.
const (
	stateRunning    = "running"    // has no verdict
	stateUnreadable = "unreadable" // its request cannot be read
)

// counts tells that the window says something of its pipeline: one of a drill or of a search
// differs on purpose.
func (w *Summary) counts() bool { return !w.Drill && !w.Probe }

// Summary is a window in the list.
type Summary struct {
	Window    uint64 `json:"window"`
	Pipeline  string `json:"pipeline"`
	State     string `json:"state"` // an outcome, running or unreadable
	Headline  string `json:"headline"`
	Runs      int    `json:"runs"`
	FirstTick int64  `json:"first_tick"`
	Ticks     int64  `json:"ticks"`
	Drill     bool   `json:"drill"`
	Probe     bool   `json:"probe"`
	Asked     int64  `json:"asked"`            // when it was asked for, in milliseconds since 1970
	Judged    int64  `json:"judged,omitempty"` // and judged
	Done      int64  `json:"done"`             // ticks of all runs that are hashed; only while it runs

	Empty events.Empty `json:"empty,omitempty"` // why no task ended ok, of a window that passed

	// Where the first difference is, of a window that failed.
	Task string                `json:"task,omitempty"`
	Tick int64                 `json:"tick,omitempty"`
	Kind events.DivergenceKind `json:"kind,omitempty"`

	Archived string `json:"archived,omitempty"` // where its runs are, when they are no longer here

	definition string // SHA-256
	said       string // the headline of the verdict
}

// index is the list of the newest windows.
type index struct {
	changed func(Summary) // told of every change once the streams are read

	mu      sync.Mutex
	windows map[uint64]*Summary
	order   []uint64 // ascending
	dropped bool     // there are older windows
	first   uint64   // the oldest window that is read; for the reader of ERS_WINDOW alone
	unread  int      // streams that are not read to where they ended when we came
}

func newIndex(changed func(Summary)) *index {
	return &index{changed: changed, windows: make(map[uint64]*Summary), unread: 2}
}

// update changes the entry of a window, or makes it.
func (x *index) update(window uint64, change func(*Summary)) {
	x.mu.Lock()
	w := x.windows[window]
	if w == nil {
		if len(x.order) >= maxIndexed && window < x.order[0] {
			x.dropped = true
			x.mu.Unlock()
			return
		}
		w = &Summary{Window: window, State: stateRunning}
		x.windows[window] = w
		at, _ := slices.BinarySearch(x.order, window)
		x.order = slices.Insert(x.order, at, window)
		if len(x.order) > maxIndexed {
			delete(x.windows, x.order[0])
			x.order = x.order[1:]
			x.dropped = true
		}
	}
	change(w)
	now, ready := *w, x.unread == 0
	x.mu.Unlock()
	if ready {
		x.changed(now)
	}
}

// caughtUp notes that one more stream is read, and tells whether it was the last.
func (x *index) caughtUp() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.unread--
	return x.unread == 0
}

// drop notes that older windows are not read.
func (x *index) drop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.dropped = true
}

// cut is how many windows are known at most, when there are older ones; else 0.
func (x *index) cut() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dropped {
		return maxIndexed
	}
	return 0
}

func (x *index) ready() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.unread == 0
}

// newest returns up to limit windows that keep wants, from the one before `before`
// downward (0: from the newest), and whether there are more.
func (x *index) newest(before uint64, limit int, keep func(*Summary) bool) (list []Summary, more bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list = []Summary{}
	for _, id := range slices.Backward(x.order) {
		w := x.windows[id]
		if before > 0 && id >= before || !keep(w) {
			continue
		}
		if len(list) == limit {
			return list, true
		}
		list = append(list, *w)
	}
	return list, false
}

// follow keeps the index up to date until ctx ends.
func (s *Server) follow(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.followStream(ctx, events.StreamWindow, s.sawWindow) })
	group.Go(func() error { return s.followStream(ctx, events.StreamVerdict, s.sawVerdict) })
	return group.Wait()
}

func (s *Server) followStream(ctx context.Context, stream string, saw func(bus.Message)) error {
	end, err := s.Bus.LastSeq(ctx, stream)
	if err != nil {
		return err
	}
	most := uint64(maxIndexed)
	if stream == events.StreamWindow {
		tombstones, err := s.Bus.Count(ctx, stream, events.PrunedSubjects)
		if err != nil {
			return err
		}
		most += tombstones
	}
	from := uint64(1)
	if end > most {
		from = end - most + 1
		s.index.drop()
	}
	if stream == events.StreamWindow {
		s.index.first = from
	}
	if err := s.readNewest(ctx, stream, from, end, saw); err != nil {
		return err
	}
	if s.index.caughtUp() {
		s.hub.send("ready", struct{}{})
	}
	return s.Bus.Follow(ctx, stream, "", end+1, func(m bus.Message) error {
		saw(m)
		return nil
	})
}

// readFirst is how many messages of a stream are read before all others, the newest: they are
// what a page shows at first.
const readFirst = 256

// readNewest reads a part of a stream, the newest messages first.
func (s *Server) readNewest(ctx context.Context, stream string, from, end uint64, saw func(bus.Message)) error {
	parts := [][2]uint64{{from, end}}
	if middle := end - min(end, readFirst); middle >= from {
		parts = [][2]uint64{{middle + 1, end}, {from, middle}}
	}
	for i, part := range parts {
		if part[0] > part[1] {
			continue // there is nothing, and 0 would be all
		}
		if i == 1 { // one stream after the other: what starts beside the page needs a processor too
			s.older.Lock()
			defer s.older.Unlock()
		}
		for m, err := range s.Bus.Read(ctx, stream, "", part[0], part[1]) {
			if err != nil {
				return err
			}
			saw(m)
		}
	}
	return nil
}

func (s *Server) sawWindow(m bus.Message) {
	if p, err := events.ReadPruned(m); err == nil {
		if p.Window >= s.index.first {
			s.index.update(p.Window, func(w *Summary) { w.archivedIn(p.Archive) })
		}
		return
	}
	if !strings.HasPrefix(m.Subject, "ers.window.") {
		return // a control event
	}
	var r events.WindowRequest
	err := events.Decode(m.Data, &r)
	if err != nil {
		_, r.Pipeline, _ = events.ParseWindowSubject(m.Subject)
	}
	s.index.update(m.Seq, func(w *Summary) {
		w.describe(&r)
		w.Asked = milliseconds(m)
		if err != nil && w.State == stateRunning {
			w.State, w.Headline = stateUnreadable, "its request cannot be read"
		}
	})
}

func milliseconds(m bus.Message) int64 { return m.At / 1e6 }

func (w *Summary) describe(r *events.WindowRequest) {
	w.Pipeline, w.Runs, w.FirstTick, w.Ticks = r.Pipeline, r.Runs, r.FirstTick, r.Ticks
	w.Drill, w.Probe, w.definition = r.Drill != nil, r.Probe != nil, r.DefinitionSHA256
}

func (s *Server) sawVerdict(m bus.Message) {
	var v events.Verdict
	if err := events.Decode(m.Data, &v); err != nil {
		outcome, pipeline, window, subjectErr := events.ParseVerdictSubject(m.Subject)
		if subjectErr != nil {
			s.Log.Warn().Err(errors.Join(err, subjectErr)).Str("stream", m.Stream).Uint64("seq", m.Seq).Msg("the page leaves a message out")
			return
		}
		s.index.update(window, func(w *Summary) {
			w.Pipeline, w.State, w.Headline = pipeline, stateUnreadable, fmt.Sprintf("its verdict, %s, cannot be read", outcome)
		})
		return
	}
	s.index.update(v.Window, func(w *Summary) {
		w.judge(&v)
		w.Judged = milliseconds(m)
	})
}

// archivedIn notes where the runs of a window are, "" for here.
func (w *Summary) archivedIn(place string) {
	w.Archived, w.Headline = place, w.said
	if place != "" {
		w.Headline = report.Clean("archived in " + place + ": " + w.said)
	}
}

func (w *Summary) judge(v *events.Verdict) {
	w.Pipeline, w.Runs, w.FirstTick, w.Ticks = v.Pipeline, v.Runs, v.FirstTick, v.Ticks
	w.Drill, w.Probe, w.definition = v.Drill != nil, v.Probe != nil, v.DefinitionSHA256
	w.State, w.said, w.Done = string(v.Outcome), report.Headline(v), 0
	w.archivedIn(w.Archived)
	w.Empty = v.Empty
	if d := v.Divergence; d != nil {
		w.Task, w.Tick, w.Kind = d.Task, d.Tick, d.Kind
	}
}
