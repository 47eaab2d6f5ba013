package page

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/report"
)

// The measures of an exported picture, in pixels.
const (
	svgWidth   = 1000
	svgLeft    = 150 // of the cells
	svgRow     = 22
	svgMargin  = 24
	fewColumns = 60 // that are drawn one by one
	maxRows    = 48 // beyond, runs that are equal share a row
)

// svgColors are those of the page in the light.
const svgColors = `text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:13px;fill:#1a2129}` +
	`.soft{fill:#566270}.strong{font-weight:700}.mono{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}.on{fill:#fff;font-weight:700}` +
	`.g0{fill:#c3cdd7}.g1{fill:#c23a13}.g2{fill:#1560b0}.g3{fill:#8a6100}.g4{fill:#0b7450}.g5{fill:#8239a6}.g6{fill:#0c7285}.g7{fill:#a82a66}.no{fill:none;stroke:#9aa5b1}` +
	`.pass{fill:#14694a}.fail{fill:#b3280e}.inconclusive{fill:#7b5300}.running{fill:#0f5a9c}.gone{fill:#e3f1ea}.new{fill:#fbe3dc}.ground{fill:#fff}`

// canvas gathers the elements of an SVG picture.
type canvas struct {
	bytes.Buffer
	y int // where the next line goes
}

func (c *canvas) text(x, y int, class, text string) {
	fmt.Fprintf(c, `<text x="%d" y="%d" class="%s">%s</text>`, x, y, class, escape(text))
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(report.Clean(text))) // a buffer takes everything
	return b.String()
}

// lines writes a text, broken into lines of so many characters.
func (c *canvas) lines(x int, class, text string, columns, most int) {
	runes := []rune(report.Clean(text))
	for n := 0; len(runes) > 0; n++ {
		line := runes[:min(len(runes), columns)]
		if at := strings.LastIndexByte(string(line), ' '); len(line) < len(runes) && at > columns/2 {
			line = line[:utf8.RuneCountInString(string(line)[:at+1])]
		}
		runes = runes[len(line):]
		if n == most-1 && len(runes) > 0 {
			line, runes = append(line[:len(line)-1:len(line)-1], '…'), nil
		}
		c.text(x, c.y, class, string(line))
		c.y += 19
	}
}

// picture is the window as an SVG file of its own.
func (p *export) picture() []byte {
	c := &canvas{y: svgMargin + 16}
	badge := p.Mark() + " " + strings.ToUpper(p.State)
	width := 24 + 10*utf8.RuneCountInString(badge)
	fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="28" rx="5" class="%s"/>`, svgMargin, c.y-20, width, p.State)
	c.text(svgMargin+12, c.y, "on", badge)
	c.text(svgMargin+width+14, c.y, "strong", fmt.Sprintf("window %d of %s", p.Window, p.Request.Pipeline))
	c.y += 34
	c.lines(svgMargin, "", p.Headline, 135, 3)
	c.lines(svgMargin, "soft", fmt.Sprintf("%d runs, %s. The same letter in a column: equal to the byte.", p.Request.Runs, p.Ticks()), 135, 1)
	c.y += 4
	fmt.Fprintf(c, `<g transform="translate(0 %d)">%s</g>`, c.y, p.cells())
	c.y += p.gridHeight() + 24
	if p.Verdict != nil {
		if p.Verdict.Divergence != nil {
			p.difference(c)
		}
		c.lines(svgMargin, "soft", "to see it again: "+p.Verdict.Reproduce, 135, 3)
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%s"><style>%s</style><rect width="100%%" height="100%%" class="ground"/>%s</svg>`+"\n",
		svgWidth, c.y+svgMargin-10, escape(fmt.Sprintf("window %d: %s", p.Window, p.Headline)), svgColors, c.Bytes())
}

// difference draws both sides of the first difference.
func (p *export) difference(c *canvas) {
	d := p.Verdict.Divergence
	place := fmt.Sprintf("first difference: %s of %s at tick %d, event %d %s", d.Kind, d.Task, d.Tick, d.EventIndex, p.Place())
	if d.Task == "" {
		place = "first difference: " + string(d.Kind)
	}
	c.lines(svgMargin, "strong", place, 125, 2)
	for i, side := range p.Sides() {
		c.text(svgMargin, c.y+4, "soft", clipText(side.Name+": "+side.Runs, 60))
		c.y += 14
		top := c.y
		text := &canvas{y: c.y + 18}
		text.lines(svgMargin+12, "mono", side.Before+side.Differs+side.After, 118, 4)
		fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="%d" rx="5" class="%s"/>`, svgMargin, top, svgWidth-2*svgMargin, text.y-top-6, [...]string{"gone", "new"}[i])
		c.Write(text.Bytes())
		c.y = text.y + 14
	}
	c.y += 6
}

// gridSVG is the picture of runs × ticks alone, for a page with the style sheet.
func (p *export) gridSVG() []byte {
	return fmt.Appendf(nil, `<svg class="picture" viewBox="0 0 %d %d" role="img" aria-label="runs by ticks: digests by groups">%s</svg>`, svgWidth, p.gridHeight(), p.cells())
}

func (p *export) gridHeight() int { return svgRow*(len(p.svgRows())+1) + 4 }

type svgLine struct {
	name string
	row  *gridRow
}

// svgRows are the runs in order or, where they are many, the rows of the grid.
func (p *export) svgRows() []svgLine {
	var list []svgLine
	if p.Request.Runs > maxRows {
		for _, r := range p.grid.Rows[:min(len(p.grid.Rows), maxRows)] {
			list = append(list, svgLine{runsText(r.Runs), r})
		}
		return list
	}
	list = make([]svgLine, p.Request.Runs)
	for _, r := range p.grid.Rows {
		for _, run := range r.Runs {
			list[run] = svgLine{fmt.Sprint("run ", run), r}
		}
	}
	return list
}

func (p *export) cells() []byte {
	var c canvas
	g := p.grid
	width := float64(svgWidth-svgLeft-svgMargin) / float64(g.Columns)
	c.text(svgMargin, 14, "soft", "tick")
	for _, column := range []int{0, g.Columns / 2, g.Columns - 1} {
		if x := svgLeft + int(float64(column)*width); column == 0 || width*float64(g.Columns) > 200 {
			c.text(x, 14, "soft", fmt.Sprint(g.start(column)))
		}
		if g.Columns < 3 {
			break
		}
	}
	for i, line := range p.svgRows() {
		y, class := svgRow*(i+1), "soft"
		if line.row.Group > 0 {
			class = "strong"
		}
		c.text(svgMargin, y+15, class, clipText(line.name, 18))
		column := 0
		for _, s := range line.row.Cells {
			part := s
			if g.Columns <= fewColumns {
				part[1] = 1
			}
			for end := column + int(s[1]); column < end; column += int(part[1]) {
				p.stretch(&c, svgLeft+float64(column)*width, y, width, part, column)
			}
		}
	}
	return c.Bytes()
}

// stretch draws a row of columns of one class.
func (p *export) stretch(c *canvas, x float64, y int, width float64, s stretch, column int) {
	class, n := s[0], s[1]
	from, to := p.grid.start(column), min(p.grid.start(column+int(n)), p.grid.To)-1
	title := fmt.Sprintf("ticks %d to %d: ", from, to)
	if from == to {
		title = fmt.Sprintf("tick %d: ", from)
	}
	top, height := y+2, svgRow-4
	switch {
	case class < 0:
		fmt.Fprintf(c, `<rect x="%.2f" y="%d" width="%.2f" height="%d" class="no"><title>%snot hashed, or not compared</title></rect>`, x, top+6, width*float64(n)-1, height-12, title)
		return
	case class == 0:
		top, height = top+3, height-6
	}
	fmt.Fprintf(c, `<rect x="%.2f" y="%d" width="%.2f" height="%d" class="g%d"><title>%sgroup %s</title></rect>`,
		x, top, max(width*float64(n)-min(1, width/4), 1), height, class%8, title, groupLetter(int(class)))
	if width*float64(n) >= 12 {
		style := "on"
		if class == 0 {
			style = "strong"
		}
		fmt.Fprintf(c, `<text x="%.2f" y="%d" class="%s" font-size="11">%s</text>`, x+3, y+15, style, groupLetter(int(class)))
	}
}

// groupLetter names a group: A to Z, then AA.
func groupLetter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return groupLetter(i/26-1) + groupLetter(i%26)
}

func clipText(text string, columns int) string {
	if runes := []rune(text); len(runes) > columns {
		return string(runes[:columns-1]) + "…"
	}
	return text
}

// runsText shortens runs 0, 1, 2, 5 to "runs 0–2, 5".
func runsText(runs []int) string {
	var parts []string
	for i := 0; i < len(runs); i++ {
		k := i
		for k+1 < len(runs) && runs[k+1] == runs[k]+1 {
			k++
		}
		switch k - i {
		case 0:
			parts = append(parts, fmt.Sprint(runs[i]))
		case 1:
			parts = append(parts, fmt.Sprint(runs[i]), fmt.Sprint(runs[k]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", runs[i], runs[k]))
		}
		i = k
	}
	if len(runs) == 1 {
		return "run " + parts[0]
	}
	return "runs " + strings.Join(parts, ", ")
}
