package page

import (
	"context"

	"abraxas.dev/ers/pkg/events"
)

// The columns of a picture.
const (
	defaultColumns = 200
	maxColumns     = 2000
)

// span is a range of ticks cut into buckets, one a column.
type span struct {
	From    int64 `json:"from"`
	To      int64 `json:"to"`      // after the last tick
	Step    int64 `json:"step"`    // ticks in a column; the last may have fewer
	Columns int   `json:"columns"` // that there are
}

// picture is what a question that reads many messages is about. When it has been
// answered, done must be called.
type picture struct {
	window *window
	runs   []events.RunKey // as named in the question
	at     span
	done   func()
}

// picture reads a question, with the names of its runs, and waits until it may be
// answered.
func (s *Server) picture(ctx context.Context, q query, runs ...string) (p picture, err error) {
	if p.window, err = s.findWindowOf(ctx, q); err == nil {
		err = p.window.here()
	}
	if err != nil {
		return p, err
	}
	for _, name := range runs {
		key, err := q.key(p.window, name)
		if err != nil {
			return p, err
		}
		p.runs = append(p.runs, key)
	}
	if p.at, err = q.span(p.window); err != nil {
		return p, err
	}
	p.done, err = s.readMany(ctx)
	return p, err
}

// newSpan makes at most so many columns. Steps are 1, 2 or 5 times a power of ten, so
// that the edges of columns are numbers that people like.
func newSpan(from, to, columns int64) span {
	step := int64(1)
	for factor := 2; (to-from+step-1)/step > columns; factor++ {
		switch factor % 3 {
		case 0:
			step = step / 2 * 5
		default:
			step *= 2
		}
	}
	return span{from, to, step, int((to - from + step - 1) / step)}
}

// column is the column of a tick.
func (s *span) column(tick int64) int { return int((tick - s.From) / s.Step) }

// start is the first tick of a column.
func (s *span) start(column int) int64 { return s.From + int64(column)*s.Step }

// stretch is a value that so many columns in a row have.
type stretch [2]int64

// appendCell appends one column.
func appendCell(row []stretch, value int64) []stretch { return appendCells(row, value, 1) }

func appendCells(row []stretch, value, n int64) []stretch {
	if n <= 0 {
		return row
	}
	if last := len(row) - 1; last >= 0 && row[last][0] == value {
		row[last][1] += n
		return row
	}
	return append(row, stretch{value, n})
}
