package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// ExportSVG writes a picture of a window for a report: its verdict, its runs × ticks and
// its first difference. bus.ErrNotFound: there is no such window.
func ExportSVG(ctx context.Context, b *bus.Bus, window uint64, out io.Writer) error {
	p, err := newExport(ctx, b, window)
	if err != nil {
		return err
	}
	_, err = out.Write(p.picture())
	return err
}

// ExportHTML writes the page of a window as one file that needs nothing else: the
// verdict, the picture, the difference, the groups, and the documents themselves.
// bus.ErrNotFound: there is no such window.
func ExportHTML(ctx context.Context, b *bus.Bus, window uint64, out io.Writer) error {
	p, err := newExport(ctx, b, window)
	if err != nil {
		return err
	}
	var page bytes.Buffer // nothing is written that is not whole
	if err := exportPage.Execute(&page, p); err != nil {
		return fmt.Errorf("page of window %d: %w", window, err)
	}
	_, err = out.Write(page.Bytes())
	return err
}

// exportColumns is how many columns an exported picture has at most.
const exportColumns = 120

// export is what a template shows of a window.
type export struct {
	Window   uint64
	State    string
	Headline string
	Request  *events.WindowRequest
	Verdict  *events.Verdict // nil while there is none
	Report   string

	window *window
	grid   *gridAnswer
}

func newExport(ctx context.Context, b *bus.Bus, id uint64) (*export, error) {
	s := New(Config{Bus: b})
	w, err := s.findWindow(ctx, id)
	if err == nil {
		err = w.here()
	}
	if err != nil {
		return nil, err
	}
	first := w.request.FirstTick
	g, err := s.drawGrid(ctx, w, newSpan(first, first+w.request.Ticks, exportColumns))
	if err != nil {
		return nil, err
	}
	p := &export{Window: id, State: stateRunning, Headline: "there is no verdict yet", Request: w.request, Verdict: w.verdict, window: w, grid: g}
	if v := w.verdict; v != nil {
		p.State, p.Headline = string(v.Outcome), report.Headline(v)
		p.Report = string(report.Append(nil, v, report.Options{Width: 100}))
	}
	return p, nil
}

// Badge is the word for the state, as on the page, and Class its colour.
func (p *export) Badge() string {
	if p.Verdict != nil && p.Verdict.Empty != "" {
		return "pass, but nothing ran"
	}
	return p.State
}

func (p *export) Class() string {
	if p.Badge() != p.State {
		return string(events.Inconclusive)
	}
	return p.State
}

// Mark is the mark of the state, as on the page.
func (p *export) Mark() string {
	switch events.Outcome(p.State) {
	case events.Pass:
		return "✓"
	case events.Fail:
		return "✕"
	case events.Inconclusive:
		return "?"
	}
	return "▸"
}

//go:embed export.html
var exportHTML string

//go:embed export.js
var exportScript string

// clean shows a text from the streams, see [report.Clean].
func clean(text any) string { return report.Clean(fmt.Sprint(text)) }

var exportPage = template.Must(template.New("export.html").Funcs(template.FuncMap{"clean": clean}).Parse(exportHTML))

// Style is the style sheet of the page, on screen and on paper.
func (p *export) Style() (template.CSS, error) {
	screen, err := static.ReadFile("static/style.css")
	if err != nil {
		return "", err
	}
	paper, err := static.ReadFile("static/print.css")
	return template.CSS(screen) + template.CSS(paper), err
}

// Script is the whole script of the file, and Policy lets it, and nothing else, run.
func (p *export) Script() template.JS { return template.JS(exportScript) }

func (p *export) Policy() string {
	sum := sha256.Sum256([]byte(exportScript))
	return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// Grid is the picture of runs × ticks, in the colours of the style sheet.
func (p *export) Grid() template.HTML { return template.HTML(p.gridSVG()) }

// Command is the line for a shell that shows it again.
func (p *export) Command() string { return report.Command(p.Verdict.Reproduce) }

// Data is the request and the verdict, as JSON that can stand in a page.
func (p *export) Data() (template.JS, error) {
	documents := map[string]json.RawMessage{"verdict": json.RawMessage("null")}
	var err error
	if documents["request"], err = events.Encode(p.Request); err != nil {
		return "", err
	}
	if p.Verdict != nil {
		documents["verdict"] = p.window.raw
	}
	data, err := json.Marshal(documents) // escapes < and >
	return template.JS(report.CleanJSON(nil, data)), err
}

// Runs names runs.
func (p *export) Runs(runs []int) string { return runsText(runs) }

// Ticks says which ticks were compared.
func (p *export) Ticks() string {
	r := p.Request
	if r.Ticks == 1 {
		return fmt.Sprintf("tick %d", r.FirstTick)
	}
	return fmt.Sprintf("ticks %d to %d", r.FirstTick, r.FirstTick+r.Ticks-1)
}

// Place is where the first difference is.
func (p *export) Place() string { return report.Place(p.Verdict.Divergence) }

// Interference says what the shadow lane has to do with the difference; "": nothing.
func (p *export) Interference() string { return report.Interference(p.Verdict) }

// Suspects says what the pattern of the runs says of the cause; "": nothing.
func (p *export) Suspects() string {
	_, sentence := report.Suspects(p.Verdict)
	return sentence
}

// Sides are both sides of the first difference.
func (p *export) Sides() []exportSide {
	d := p.Verdict.Divergence
	expected, found := marked(d)
	expected.Name, found.Name = "expected", "found"
	if d.Kind == events.KindLatch {
		expected.Name, found.Runs = "accepted", runsText(d.Runs)
		return []exportSide{expected, found}
	}
	if p.Verdict.Tie {
		expected.Name, found.Name = "one side", "the other"
	}
	expected.Runs, found.Runs = runsText(p.Verdict.Groups[0].Runs), runsText(d.Runs)
	return []exportSide{expected, found}
}

// exportSide is one side of a difference, with the part that differs.
type exportSide struct {
	Name, Runs             string
	Before, Differs, After string
}

// marked finds what differs of two texts: what is between their common beginning and
// their common end.
func marked(d *events.Divergence) (expected, found exportSide) {
	x, y := report.Shown(d)
	if !x.Present || !y.Present {
		return onlySide(&x), onlySide(&y)
	}
	a, b := []rune(x.Canonical), []rune(y.Canonical)
	start, end := 0, 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	cut := func(text []rune) exportSide {
		before, after := text[:start], text[len(text)-end:]
		s := exportSide{Before: string(before), Differs: string(text[start : len(text)-end]), After: string(after)}
		if len(before) > maxContext {
			s.Before = "…" + string(before[len(before)-maxContext:])
		}
		if len(after) > maxContext {
			s.After = string(after[:maxContext]) + "…"
		}
		return s
	}
	return cut(a), cut(b)
}

// maxContext is how many characters beside a difference are shown.
const maxContext = 400

func onlySide(s *events.Side) exportSide {
	if !s.Present {
		return exportSide{Before: "nothing here"}
	}
	return exportSide{Differs: s.Canonical}
}

// Around lists the events around the difference, of both sides.
func (p *export) Around() []exportRow {
	d := p.Verdict.Divergence
	var rows []exportRow
	for i := range d.Before {
		rows = append(rows, exportRow{&d.Before[i], &d.Before[i], "same"})
	}
	rows = append(rows, exportRow{d.Expected.Event, d.Found.Event, "differs here"})
	for i := range max(len(d.Expected.After), len(d.Found.After)) {
		r := exportRow{Class: "differs"}
		if i < len(d.Expected.After) {
			r.Expected = &d.Expected.After[i]
		}
		if i < len(d.Found.After) {
			r.Found = &d.Found.After[i]
		}
		if r.Expected != nil && r.Found != nil && *r.Expected == *r.Found {
			r.Class = "same"
		}
		rows = append(rows, r)
	}
	return rows
}

// exportRow is an event of both sides; nil where a side has none.
type exportRow struct {
	Expected, Found *events.TraceEvent
	Class           string
}

// Tick is the tick of the events.
func (r exportRow) Tick() any {
	switch {
	case r.Expected != nil:
		return r.Expected.Tick
	case r.Found != nil:
		return r.Found.Tick
	}
	return ""
}
