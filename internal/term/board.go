package term

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/report"
)

// Board is what a bus is doing at one moment.
type Board struct {
	Server    string // where it is
	Connected bool
	Events    int64      // hashed in a second
	Services  []Service  // in the order in which they are shown
	Windows   []Progress // without a verdict, oldest first
	Verdicts  []Verdict  // newest first
}

// Service is what a service says of itself.
type Service struct {
	Name     string
	Answers  bool
	Problems int64
	Behind   int64  // frames that it has yet to read, where they are many
	Trouble  string // what keeps it from its work
}

// Progress is how far a window is. Ticks are those of all its runs.
type Progress struct {
	Window      uint64
	Pipeline    string
	Done, Ticks int64
}

// Verdict is a verdict in a line. Outcome is pass, fail or inconclusive.
type Verdict struct {
	Window                      uint64
	Pipeline, Outcome, Headline string
}

const barColumns = 30

// Lines draws a board in at most height lines. The verdicts give way to the windows,
// of which the oldest are shown. Lines can be longer than a screen is wide.
func (b *Board) Lines(height int, color bool) []string {
	state := ""
	if !b.Connected {
		state = paint(color, red, "   no connection, trying again")
	}
	lines := []string{
		paint(color, bold, "ERS") + "  " + report.Clean(b.Server) + state,
		fmt.Sprintf("%d events/s hashed   %s", b.Events, b.services(color)),
		"",
		paint(color, bold, fmt.Sprintf("windows in progress: %d", len(b.Windows))),
	}
	for _, s := range b.Services {
		if s.Trouble != "" {
			lines = slices.Insert(lines, 2, paint(color, red, "  "+s.Name+": "+report.Clean(s.Trouble)))
		}
	}
	room := max(height-len(lines)-2, 0)
	shown := b.Windows[:min(len(b.Windows), max(room-min(len(b.Verdicts), 3, room/2), 0))]
	for _, w := range shown {
		lines = append(lines, w.line())
	}
	lines = append(lines, "", paint(color, bold, "latest verdicts"))
	for _, v := range b.Verdicts[:min(len(b.Verdicts), room-len(shown))] {
		lines = append(lines, v.line(color))
	}
	return lines[:min(len(lines), max(height, 0))]
}

func (b *Board) services(color bool) string {
	var parts []string
	for _, s := range b.Services {
		text := fmt.Sprintf("%s: %d problems", s.Name, s.Problems)
		if s.Behind > 0 {
			text = fmt.Sprintf("%s, %d frames behind", text, s.Behind)
		}
		switch {
		case !s.Answers:
			text = paint(color, dim, s.Name+": no answer")
		case s.Trouble != "":
			text = paint(color, red, s.Name+": cannot work")
		case s.Problems > 0:
			text = paint(color, red, text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "   ")
}

func (w *Progress) line() string {
	part := 0.0
	if w.Ticks > 0 {
		part = min(float64(w.Done)/float64(w.Ticks), 1)
	}
	full := int(part * barColumns)
	return fmt.Sprintf("  %6d  [%s%s] %3d%%  %s  %d of %d ticks", w.Window, strings.Repeat("#", full), strings.Repeat(".", barColumns-full), int(part*100), report.Clean(w.Pipeline), w.Done, w.Ticks)
}

func (v *Verdict) line(color bool) string {
	s := yellow
	switch v.Outcome {
	case "pass":
		s = green
	case "fail":
		s = red
	}
	return fmt.Sprintf("  %6d  %s%s  %s  %s", v.Window, paint(color, s, strings.ToUpper(v.Outcome)), blank(len("inconclusive")-len(v.Outcome)), report.Clean(v.Pipeline), v.Headline)
}
