package page

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/internal/lanes"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

const (
	maxFound       = 50  // tasks in one answer
	maxDefinitions = 200 // whose tasks one search looks at, the newest
	maxVain        = 200 // windows that one search looks at and that have no tick yet
	maxFoundIn     = 12  // windows listed for a task
	maxTaskNames   = 2000
)

// searchAnswer is what a text was found in.
type searchAnswer struct {
	Query string       `json:"query"`
	Tasks []*foundTask `json:"tasks"`

	Window *Summary `json:"window,omitempty"` // with the number that was searched

	More bool `json:"more"`
}

// foundTask is a task of a pipeline.
type foundTask struct {
	Task     string    `json:"task"`
	Pipeline string    `json:"pipeline"`
	Windows  []Summary `json:"windows"` // the newest that have it
	Count    int       `json:"count"`   // windows that have it, of those in the list
	Failures int       `json:"failures"`
	Failed   []Summary `json:"failed"` // the newest in which it is the first that differs
}

// search looks for tasks by a part of their name, or of their pipeline's, and for a window
// by its number.
func (s *Server) search(ctx context.Context, q query) (any, error) {
	text := strings.ToLower(strings.TrimSpace(q.text("q")))
	a := &searchAnswer{Query: text, Tasks: []*foundTask{}}
	if text == "" {
		return a, nil
	}
	if number, err := strconv.ParseUint(text, 10, 63); err == nil && number > 0 {
		if a.Window, err = s.numbered(ctx, number); err != nil {
			return nil, err
		}
	}
	all, _ := s.index.newest(0, maxIndexed, func(w *Summary) bool { return w.State != stateUnreadable })
	tasks := make(map[string][]string) // of a definition
	vain := 0                          // looks at windows without ticks
	found := make(map[[2]string]*foundTask)
	for _, w := range all {
		names, ok := tasks[w.definition]
		if !ok && w.Archived == "" && len(tasks) < maxDefinitions && vain < maxVain {
			var err error
			if names, err = s.taskNames(ctx, &w); err != nil {
				return nil, err
			}
			if names != nil {
				tasks[w.definition] = names
			} else {
				vain++ // it says nothing about its definition
			}
		}
		for _, name := range names {
			if strings.Contains(strings.ToLower(name), text) || strings.Contains(strings.ToLower(w.Pipeline), text) {
				key := [2]string{w.Pipeline, name}
				if found[key] == nil {
					found[key] = &foundTask{Task: name, Pipeline: w.Pipeline, Windows: []Summary{}, Failed: []Summary{}}
				}
				found[key].add(w)
			}
		}
	}
	a.Tasks = slices.AppendSeq(a.Tasks, maps.Values(found))
	slices.SortFunc(a.Tasks, func(a, b *foundTask) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Task, b.Task))
	})
	if a.More = len(a.Tasks) > maxFound; a.More {
		a.Tasks = a.Tasks[:maxFound]
	}
	return a, nil
}

// numbered finds a window by its number; nil: there is none. Older ones than those in the
// list are read from the streams.
func (s *Server) numbered(ctx context.Context, number uint64) (*Summary, error) {
	if known, _ := s.index.newest(number+1, 1, func(w *Summary) bool { return w.Window == number }); len(known) > 0 {
		return &known[0], nil
	}
	w, err := s.findWindow(ctx, number)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := w.summary()
	return &found, nil
}

func (f *foundTask) add(w Summary) {
	f.Count++
	if len(f.Windows) < maxFoundIn {
		f.Windows = append(f.Windows, w)
	}
	if w.State == string(events.Fail) && w.Task == f.Task {
		f.Failures++
		if len(f.Failed) < maxFoundIn {
			f.Failed = append(f.Failed, w)
		}
	}
}

// taskNames returns the tasks of a window as its first recorded tick has them: that is
// there for every kind of definition.
func (s *Server) taskNames(ctx context.Context, w *Summary) ([]string, error) {
	subject := events.TraceSubject(events.RunKey{Pipeline: w.Pipeline, Window: w.Window})
	m, err := s.Bus.Next(ctx, events.StreamTrace, subject, 1)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var d events.FrameDecoder
	if d.Decode(m.Data) != nil {
		return nil, nil
	}
	names := []string{}
	for i := range min(d.Len(), maxTaskNames) {
		names = append(names, lanes.ReadEvent(canon.Value(d.Event(i))).Task)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
