package page

import (
	"context"
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/internal/lanes"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

const (
	lanesLeft  = 190 // of the cells, in pixels
	lanesRight = 170 // for the counts behind them
)

// lanesColors are those of the page in the light, beside svgColors.
const lanesColors = `.o{fill:#c3cdd7}.s{fill:none;stroke:#7b5300;stroke-width:1.5}.e{fill:#b3280e}.n{fill:#8239a6}`

// letterWords are what the letters of a status stand for, in the order of a legend.
var letterWords = []struct {
	letter byte
	word   string
}{{'o', "ok"}, {'s', "skipped"}, {'e', "error"}, {'n', "not computable"}}

// ExportLanes writes a picture of a run for a report: its lanes and tasks by ticks, with
// what was skipped or failed. run is as of [ReadRun].
func ExportLanes(ctx context.Context, b *bus.Bus, id uint64, run *int, out io.Writer) (broken string, err error) {
	r, err := ReadRun(ctx, b, id, run, exportColumns)
	if err != nil {
		return "", err
	}
	_, err = out.Write(r.svg())
	return r.Broken, err
}

// svg is the picture as an SVG file of its own.
func (r *Run) svg() []byte {
	c := &canvas{y: svgMargin + 16}
	c.lines(svgMargin, "strong", r.Title(), 125, 2)
	about := "A cell is a tick."
	if r.Step > 1 {
		about = fmt.Sprintf("A cell is %d ticks, and shows the worst of them.", r.Step)
	}
	c.lines(svgMargin, "soft", about+" Low and full: ok. Hollow: skipped, its lane could not afford it. High and full: it failed.", 135, 2)
	c.y += 4
	r.axis(c)
	for _, lane := range []events.Lane{events.Forecast, events.Shadow} {
		if row := r.Lane(lane); row != nil {
			r.row(c, "lane "+lane.String(), "strong", row, "")
		}
		for _, t := range r.Tasks {
			if t.Lane == lane {
				r.row(c, t.Name, "soft", t.Status, countsText(t))
			}
		}
	}
	if r.More > 0 {
		c.lines(svgMargin, "soft", fmt.Sprintf("%d more tasks have no row.", r.More), 135, 1)
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%s"><style>%s%s</style><rect width="100%%" height="100%%" class="ground"/>%s</svg>`+"\n",
		svgWidth, c.y+svgMargin-10, escape(r.Title()), svgColors, lanesColors, c.Bytes())
}

func (r *Run) cellWidth() float64 {
	return float64(svgWidth-lanesLeft-lanesRight) / float64((r.To-r.From+r.Step-1)/r.Step)
}

// axis names the first tick, one in the middle and the last column's.
func (r *Run) axis(c *canvas) {
	columns := (r.To - r.From + r.Step - 1) / r.Step
	c.text(svgMargin, c.y+12, "soft", "tick")
	for i, column := range []int64{0, columns / 2, columns - 1} {
		if i == 0 || columns > 2 && r.cellWidth()*float64(columns) > 200 {
			c.text(lanesLeft+int(float64(column)*r.cellWidth()), c.y+12, "soft", fmt.Sprint(r.From+column*r.Step))
		}
	}
	c.y += svgRow
}

// row draws a lane or a task: cells that are alike together.
func (r *Run) row(c *canvas, name, class string, row lanes.Letters, counts string) {
	c.text(svgMargin, c.y+15, class, clipText(name, 24))
	c.text(svgWidth-lanesRight+10, c.y+15, "soft", counts)
	width := r.cellWidth()
	for from := 0; from < len(row); {
		to := from + 1
		for to < len(row) && row[to] == row[from] && len(row) > fewColumns {
			to++
		}
		r.cell(c, row[from], from, to, width)
		from = to
	}
	c.y += svgRow
}

// cell draws columns of one status: told by height and by being hollow, and by colour.
func (r *Run) cell(c *canvas, letter byte, from, to int, width float64) {
	top, height := c.y+2, svgRow-4
	word := ""
	for _, l := range letterWords {
		if l.letter == letter {
			word = l.word
		}
	}
	switch letter {
	case '.':
		return
	case 'o':
		top, height = top+9, height-10
	case 's':
		top, height = top+3, height-6
	}
	first, last := r.From+int64(from)*r.Step, min(r.From+int64(to)*r.Step, r.To)-1
	fmt.Fprintf(c, `<rect x="%.2f" y="%d" width="%.2f" height="%d" class="%c"><title>ticks %d to %d: %s</title></rect>`,
		lanesLeft+float64(from)*width, top, max(width*float64(to-from)-min(1, width/4), 1), height, letter, first, last, word)
}

// countsText says in how many ticks a task was what beside ok.
func countsText(t *lanes.Task) string {
	var parts []string
	for _, s := range []events.Status{events.SkippedBudget, events.Error, events.NotComputable} {
		if n := t.Counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, [...]string{events.SkippedBudget: "skipped", events.Error: "error", events.NotComputable: "not comp."}[s]))
		}
	}
	return strings.Join(parts, ", ")
}
