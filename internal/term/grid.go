package term

import (
	"fmt"
	"strconv"
	"strings"
)

// Grid is a picture of runs × ticks.
type Grid struct {
	Span
	Reference string // what class 0 is, for people
	Runs      []Run
}

// Run is a row of a grid.
type Run struct {
	Run   int
	Group int   // whose letter the run has; -1: not told yet
	Cells []int // of each column the class: the lowest group that has the same there, or NotHashed
}

// What stands in a cell beside letters.
const (
	equal     = "·"
	notHashed = "_"
	many      = "#"
)

// Letter names a group: A to Z, then a to z. Those after share one.
func Letter(group int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if group >= 0 && group < len(letters) {
		return letters[group : group+1]
	}
	return many
}

// Margin is how many columns of the screen stand before the cells.
func Margin(runs int) int { return len("  run ") + digits(runs) + len("  A  ") }

func digits(runs int) int { return len(strconv.Itoa(max(runs-1, 0))) }

// Append appends the picture: the ticks above, a line for each run, and what the signs
// mean.
func (g *Grid) Append(dst []byte, color bool) []byte {
	margin := Margin(len(g.Runs))
	dst = append(dst, paint(color, dim, strings.TrimRight("  tick"+blank(margin-len("  tick"))+g.ticks(), " "))+"\n"...)
	unknown, letters := false, false
	for _, r := range g.Runs {
		letter := " "
		if r.Group >= 0 {
			letter = paint(color, groupStyle(r.Group), Letter(r.Group))
		}
		dst = fmt.Appendf(dst, "  run %*d  %s  ", digits(len(g.Runs)), r.Run, letter)
		for i := 0; i < len(r.Cells); {
			n := 1
			for i+n < len(r.Cells) && r.Cells[i+n] == r.Cells[i] {
				n++
			}
			dst = append(dst, cells(r.Cells[i], n, color)...)
			unknown, letters = unknown || r.Cells[i] == NotHashed, letters || r.Cells[i] > 0
			i += n
		}
		dst = append(dst, '\n')
	}
	return append(dst, paint(color, dim, g.legend(unknown, letters))...)
}

func cells(class, n int, color bool) string {
	switch class {
	case NotHashed:
		return paint(color, dim, strings.Repeat(notHashed, n))
	case 0:
		return paint(color, dim, strings.Repeat(equal, n))
	}
	return paint(color, groupStyle(class), strings.Repeat(Letter(class), n))
}

func groupStyle(group int) style {
	if group == 0 {
		return green
	}
	return [...]style{"1;31", "1;35", "1;33", "1;36", "1;34"}[(group-1)%5]
}

// ticks numbers the columns, as often as the numbers fit.
func (s Span) ticks() string {
	every := 10
	for every < len(strconv.FormatInt(s.First+s.Ticks-1, 10))+2 {
		every += 10
	}
	var line strings.Builder
	for column := 0; column < s.Columns(); column += every {
		number := strconv.FormatInt(s.First+int64(column)*s.Step, 10)
		if column > 0 && column+len(number) > s.Columns() {
			break
		}
		fmt.Fprintf(&line, "%-*s", every, number)
	}
	return line.String()
}

func (g *Grid) legend(unknown, letters bool) string {
	text := "\n  " + equal + " equal to " + g.Reference
	if letters {
		text += "   B… differs: the same letter in a column is the same there"
	}
	if unknown {
		text += "\n  " + notHashed + " not hashed"
	}
	if g.Step > 1 {
		text += "\n  " + g.columnText()
		if letters {
			text += ": a letter where any of them differs"
		}
	}
	return text + "\n"
}

// columnText says how many ticks there are in a column.
func (s Span) columnText() string {
	text := fmt.Sprintf("each column is %d ticks", s.Step)
	if last := s.Ticks - s.end(s.Columns()-2); last < s.Step {
		text += fmt.Sprintf(", the last %d", last)
	}
	return text
}
