package report

import (
	"fmt"
	"strings"
)

// The margins of a page: of every line with a mark before it, and between columns.
const (
	indent = 4
	gap    = 2
)

// page is a report that is being written.
type page struct {
	dst   []byte
	width int
	color bool

	screen int // columns that a line may have; 0: as many as it needs
}

// set fits the page to a screen.
func (p *page) set(o Options) {
	if o.Screen || o.Width < p.width {
		p.screen = max(o.Width, 20)
	}
}

// leastProse is the least columns of a sentence beside something else.
const leastProse = 24

// prose is for how many columns sentences are.
func (p *page) prose() int {
	if p.screen == 0 {
		return p.width
	}
	return min(p.screen, p.width)
}

// fold breaks the lines that the page wrote behind those that were there before.
func (p *page) fold(from int) []byte {
	return append(p.dst[:from], Fold(string(p.dst[from:]), p.screen)...)
}

// command writes a line for a shell, on a screen broken so that it runs when it is pasted.
func (p *page) command(why, line string) {
	p.line()
	p.shell("  "+why+"  ", bold, Command(line))
}

// shell writes a line for a shell behind a text, or below it where it would be too long there.
func (p *page) shell(before string, s style, line string) {
	if p.screen == 0 || width(before+line) <= p.screen {
		p.line(before, p.paint(s, line))
		return
	}
	if strings.TrimSpace(before) != "" {
		p.line(before)
	}
	for _, part := range ShellParts(line, p.screen) {
		p.line(p.paint(s, strings.ReplaceAll(part, " ", whole)))
	}
}

// style is an ANSI "select graphic rendition".
type style string

const (
	plain      style = ""
	bold       style = "1"
	dim        style = "2"
	red        style = "31"
	green      style = "32"
	boldRed    style = "1;31"
	boldGreen  style = "1;32"
	boldYellow style = "1;33"
)

func (p *page) paint(s style, text string) string {
	if !p.color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line writes a line, without the blanks at its end.
func (p *page) line(parts ...string) {
	p.dst = append(p.dst, strings.TrimRight(strings.Join(parts, ""), " ")...)
	p.dst = append(p.dst, '\n')
}

func (p *page) heading(text string) {
	p.line()
	p.line("  ", p.paint(bold, text))
}

// note writes a paragraph that begins with a word that stands out.
func (p *page) note(s style, word, text string) {
	p.line()
	for i, line := range wrap(word+" "+clean(text), p.prose()-indent) {
		margin := blank(indent)
		if i == 0 {
			margin = "  "
			line = p.paint(s, word) + strings.TrimPrefix(line, word)
		}
		p.line(margin, line)
	}
}

func (p *page) more(n int, what string) {
	if n > 0 {
		p.line(blank(indent), fmt.Sprintf("… and %d more %s", n, what))
	}
}

type column struct {
	head     string
	right    bool
	max      int  // columns; 0 is no limit
	flexible bool // takes what the others leave
}

type row struct {
	mark  string // one character before the row
	style style
	cells []string
}

// table writes rows under their heads, each column as wide as it must be.
func (p *page) table(columns []column, rows []row) {
	heads := row{style: dim}
	for _, c := range columns {
		heads.cells = append(heads.cells, c.head)
	}
	rows = append([]row{heads}, rows...)
	widths := make([]int, len(columns))
	left := p.width - indent
	for i, c := range columns {
		for _, r := range rows {
			widths[i] = max(widths[i], width(clean(r.cells[i])))
		}
		if c.max > 0 {
			widths[i] = min(widths[i], c.max)
		}
		if !c.flexible {
			left -= widths[i] + gap
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, c := range columns {
			w := widths[i]
			if c.flexible {
				w = min(w, max(left, 8))
			}
			text := clip(clean(r.cells[i]), w)
			if c.right {
				text = padLeft(text, w)
			}
			line.WriteString(pad(text, w+gap))
		}
		p.line("  ", p.paint(r.style, pad(r.mark, 2)+strings.TrimRight(line.String(), " ")))
	}
}
