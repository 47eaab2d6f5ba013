// Package export writes windows down in other forms: the folder layout that viewers of
// the Abraxas artifacts know, JSON Lines, CSV.
//
// Start at [Formats], the table of forms, and [Open], which finds a window;
// [Format.Write] writes it. What is written is there whole or not at all.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// Format is one way of writing a window down. It has either File or Folder. Both read
// the runs tick by tick, so that no window is too large for them, and say with
// [Window.incomplete] of which runs the record is not whole.
type Format struct {
	Name string
	Help string

	File   func(ctx context.Context, w *Window, out io.Writer) error
	Folder func(ctx context.Context, w *Window, out *Folder) error // its documents name each other, see Window.RefsFrom
}

// Formats are all that there are.
var Formats = []Format{
	{Name: "abraxas", Help: "folder of artifacts, as Abraxas writes them", Folder: writeAbraxas},
	{Name: "csv", Help: "file with a row for each event (RFC 4180)", File: writeCSV},
	{Name: "html", Help: "the window's page as one file that needs nothing else", File: func(ctx context.Context, w *Window, out io.Writer) error {
		return page.ExportHTML(ctx, w.Bus, w.ID, out)
	}},
	{Name: "jsonl", Help: "file with a JSON object for each event", File: writeJSONL},
	{Name: "lanes", Help: "picture of a run, its lanes and tasks by ticks: what was skipped, what failed (SVG)", File: writeLanes},
	{Name: "svg", Help: "picture of the verdict, the runs by ticks and the first difference", File: func(ctx context.Context, w *Window, out io.Writer) error {
		return page.ExportSVG(ctx, w.Bus, w.ID, out)
	}},
}

// writeLanes draws the run that was asked for, or one of the largest group.
func writeLanes(ctx context.Context, w *Window, out io.Writer) error {
	var run *int
	if len(w.Runs) == 1 {
		run = &w.Runs[0]
	}
	broken, err := page.ExportLanes(ctx, w.Bus, w.ID, run, out)
	if err == nil && broken != "" {
		w.Problems = append(w.Problems, &client.Problem{Stream: events.StreamTrace, Reason: broken})
	}
	return err
}

// UnmarshalText finds a format by its name.
func (f *Format) UnmarshalText(name []byte) error {
	var names []string
	for _, known := range Formats {
		if known.Name == string(name) {
			*f = known
			return nil
		}
		names = append(names, known.Name)
	}
	return fmt.Errorf("unknown format %q: want one of %s", name, strings.Join(names, ", "))
}

// Window is what a format writes down.
type Window struct {
	Bus        *bus.Bus
	ID         uint64
	Key        events.WindowKey
	Request    *events.WindowRequest
	Verdict    *events.Verdict // nil when there is none yet
	VerdictSeq uint64
	Runs       []int  // to be written, ascending
	RefsFrom   string // folder, with slashes, that stands before the paths by which documents name each other; "": none

	// Problems say which runs were not written to their end, and why.
	Problems []*client.Problem
}

// Open finds a window. run, if not nil, is the only run to be written.
func Open(ctx context.Context, b *bus.Bus, id uint64, run *int) (*Window, error) {
	r, key, err := client.Get(ctx, b, id)
	if err != nil {
		return nil, err
	}
	if err := client.Here(ctx, b, key); err != nil {
		return nil, err
	}
	w := &Window{Bus: b, ID: id, Key: key, Request: r}
	if run != nil && (*run < 0 || *run >= r.Runs) {
		return nil, fmt.Errorf("window %d has runs 0 to %d, not %d", id, r.Runs-1, *run)
	}
	for i := range r.Runs {
		if run == nil || *run == i {
			w.Runs = append(w.Runs, i)
		}
	}
	v, m, err := client.VerdictSoFar(ctx, b, key)
	w.Verdict, w.VerdictSeq = v, m.Seq
	return w, err
}

func (w *Window) record(run int) client.Run {
	return client.All(w.Key, run, w.Request.FirstTick, w.Request.Ticks)
}

// incomplete takes the error of reading a run: a *client.Problem is kept, so that the
// other runs can be written, any other is returned.
func (w *Window) incomplete(err error) (*client.Problem, error) {
	problem, ok := errors.AsType[*client.Problem](err)
	if !ok {
		return nil, err
	}
	w.Problems = append(w.Problems, problem)
	return problem, nil
}

// Write writes the window to path, or, if that is empty or "-" and the format writes a
// file, to out. At path there must be nothing yet, or an empty folder for a format that
// writes one.
func (f *Format) Write(ctx context.Context, w *Window, path string, out io.Writer) error {
	switch toPath := path != "" && path != "-"; {
	case f.Folder != nil && !toPath:
		return fmt.Errorf("format %s writes a folder: say which", f.Name)
	case f.Folder != nil:
		return writeFolder(path, func(dir *Folder) error { return f.Folder(ctx, w, dir) })
	case toPath:
		return writeFile(path, func(out io.Writer) error { return f.File(ctx, w, out) })
	}
	return f.File(ctx, w, out)
}
