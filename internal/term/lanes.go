package term

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"

	"abraxas.dev/ers/pkg/report"
)

// Lanes is a picture of lanes and tasks × ticks × status.
type Lanes struct {
	Span
	Rows []LaneRow
}

// LaneRow is a lane, or a task of the lane above it.
type LaneRow struct {
	Name   string
	Lane   bool
	Status []byte   // of each column: o ok, s skipped, e error, n not computable, . no event
	Counts [4]int64 // ticks of a task that are ok, skipped, error, not computable
}

// signs are what stands for a status, with and without colour.
var signs = []struct {
	status byte
	sign   string
	style  style
	word   string
}{
	{'o', "·", dim, "ok"}, {'s', "s", yellow, "skipped: its lane could not afford it"}, {'e', "E", red, "error"},
	{'n', "N", "1;35", "not computable"}, {'.', " ", plain, "no event"},
}

// MaxLanesMargin is the most that [LanesMargin] comes to.
const MaxLanesMargin = maxLabel + 4

// LanesMargin is how many columns of the screen stand before the cells.
func LanesMargin(rows []LaneRow) int {
	width := 4 // of "tick"
	for i := range rows {
		width = max(width, uniseg.StringWidth(rows[i].label()))
	}
	return min(width, maxLabel) + 4
}

const maxLabel = 26

// label is the name, indented below its lane.
func (r *LaneRow) label() string {
	name := report.Clean(r.Name)
	if !r.Lane {
		name = "  " + name
	}
	return name
}

// fitted is a text cut or filled up to so many columns.
func fitted(text string, columns int) string {
	if uniseg.StringWidth(text) > columns {
		var cut strings.Builder
		for g, used := uniseg.NewGraphemes(text), 1; g.Next() && used+g.Width() <= columns; used += g.Width() {
			cut.WriteString(g.Str())
		}
		text = cut.String() + "…"
	}
	return text + blank(columns-uniseg.StringWidth(text))
}

// Append appends a table of the tasks, the picture, and what its signs mean.
func (l *Lanes) Append(dst []byte, color bool) []byte {
	dst = l.appendTable(dst, color)
	label := LanesMargin(l.Rows) - 4
	dst = append(dst, paint(color, dim, strings.TrimRight("\n  "+fitted("tick", label+2)+l.ticks(), " "))+"\n"...)
	seen := make(map[byte]bool)
	for i := range l.Rows {
		r := &l.Rows[i]
		name := fitted(r.label(), label)
		if r.Lane {
			name = paint(color, bold, name)
		}
		dst = append(dst, "  "+name+"  "...)
		for from := 0; from < len(r.Status); {
			to := from + 1
			for to < len(r.Status) && r.Status[to] == r.Status[from] {
				to++
			}
			dst = append(dst, signsOf(r.Status[from], to-from, color)...)
			seen[r.Status[from]] = true
			from = to
		}
		dst = append(dst, '\n')
	}
	return append(dst, paint(color, dim, l.legend(seen))...)
}

func signsOf(status byte, n int, color bool) string {
	for _, s := range signs {
		if s.status == status {
			return paint(color, s.style, strings.Repeat(s.sign, n))
		}
	}
	return strings.Repeat(many, n)
}

func (l *Lanes) legend(seen map[byte]bool) string {
	text := "\n "
	for _, s := range signs {
		if seen[s.status] && s.status != '.' {
			text += " " + s.sign + " " + s.word + "  "
		}
	}
	text = strings.TrimRight(text, " ")
	if l.Step > 1 {
		text += "\n  " + l.columnText() + ": the worst of them is shown"
	}
	return text + "\n"
}

// appendTable lists in how many ticks each task was what.
func (l *Lanes) appendTable(dst []byte, color bool) []byte {
	label := LanesMargin(l.Rows) - 4
	dst = append(dst, "  "+paint(color, dim, fitted("ticks", label)+"       ok   skipped   error   not computable")+"\n"...)
	for i := range l.Rows {
		r := &l.Rows[i]
		if r.Lane {
			dst = append(dst, "  "+paint(color, bold, strings.TrimRight(fitted(r.label(), label), " "))+"\n"...)
			continue
		}
		dst = fmt.Appendf(dst, "  %s%9s%10s%8s%17s\n", fitted(r.label(), label), number(r.Counts[0]), number(r.Counts[1]), number(r.Counts[2]), number(r.Counts[3]))
	}
	return dst
}

func number(n int64) string {
	if n == 0 {
		return "·"
	}
	return strconv.FormatInt(n, 10)
}
