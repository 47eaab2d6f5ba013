package page

import (
	"context"
	"crypto/sha256"
	"hash"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// Classes of cells beside 0, 1, …: equal cells of a column have the same class.
const (
	classNotHashed = -1 // some tick of the bucket is not hashed yet
	classNotRead   = -2 // too many runs differ for reading all
)

const (
	maxHashColumns = 64        // columns that digests are sent for
	readTicks      = 2_000_000 // tick digests that one picture may cost
	leastRows      = 16        // rows that are read whatever it costs
)

// gridAnswer is a picture of runs × ticks. Runs that are known to be equal share a row.
type gridAnswer struct {
	span
	Rows []*gridRow `json:"rows"`
}

// gridRow is a row. With a verdict, row 0 is its largest group, and a class is the
// lowest row that has the same there. Without one, classes are in the order of runs.
type gridRow struct {
	Group int       `json:"group"` // in the verdict; -1: the run is in none
	Runs  []int     `json:"runs"`
	Cells []stretch `json:"cells"` // class, columns

	// The digests of single ticks, where there are few.
	Trace  []string `json:"trace,omitempty"`
	Result []string `json:"result,omitempty"`

	start    int64 // the ticks before are those of row 0
	forecast bool  // only the forecast lane is compared: its runs are made without shadow tasks
	sums     []bucket
	lane     []bucket // of the forecast lane
}

// bucket is what the digests of a column's ticks come to; "" is a column that is not
// hashed.
type bucket string

func (s *Server) grid(ctx context.Context, q query) (any, error) {
	p, err := s.picture(ctx, q)
	if err != nil {
		return nil, err
	}
	defer p.done()
	return s.drawGrid(ctx, p.window, p.at)
}

// drawGrid reads the digests of as few runs as it can: one of each group, and none of
// its ticks that the verdict says are those of the largest group.
func (s *Server) drawGrid(ctx context.Context, w *window, at span) (*gridAnswer, error) {
	g := &gridAnswer{span: at, Rows: rows(w, at)}
	digests := at.Step == 1 && at.Columns <= maxHashColumns
	most := max(leastRows, int(readTicks/(at.To-at.From)))
	if len(g.Rows) == 1 && g.Rows[0].Group == 0 && !digests {
		g.Rows[0].Cells = []stretch{{0, int64(at.Columns)}} // all runs are equal
		return g, nil
	}
	first := at.To
	for i, r := range g.Rows {
		if digests || r.Group < 1 {
			r.start = at.From
		}
		if i > 0 {
			first = min(first, r.start)
		}
	}
	if g.Rows[0].Group == 0 {
		g.Rows[0].start = min(first, at.To)
		if digests {
			g.Rows[0].start = at.From
		}
	}
	for i, r := range g.Rows {
		if i >= most {
			break
		}
		if err := s.readRow(ctx, w.Run(r.Runs[0]), at, r, digests); err != nil {
			return nil, err
		}
	}
	classify(g)
	return g, nil
}

// rows returns the groups of the verdict, then the runs that are in none.
func rows(w *window, at span) []*gridRow {
	var list []*gridRow
	grouped := make(map[int]bool)
	if w.verdict != nil {
		for i, group := range w.verdict.Groups {
			r := &gridRow{Group: i, Runs: group.Runs, start: at.From}
			if d := group.Differs; d != nil && d.Tick > at.From {
				r.start = min(at.start(at.column(d.Tick)), at.To)
			}
			if r.forecast = events.Made(w.request.Groups, group.Runs) >= 0; r.forecast && !slices.Contains(w.verdict.Outliers, group.Runs[0]) {
				r.start = at.To // equal in all that is compared
			}
			list = append(list, r)
			for _, run := range group.Runs {
				grouped[run] = true
			}
		}
	}
	for run := range w.request.Runs {
		if !grouped[run] {
			forecast := events.Made(w.request.Groups, []int{run}) >= 0
			list = append(list, &gridRow{Group: -1, Runs: []int{run}, start: at.From, forecast: forecast})
		}
	}
	return list
}

// readRow sums up the digests of a run's ticks, column by column from r.start on.
func (s *Server) readRow(ctx context.Context, key events.RunKey, at span, r *gridRow, digests bool) error {
	r.sums, r.lane = make([]bucket, at.Columns), make([]bucket, at.Columns)
	if digests {
		r.Trace, r.Result = make([]string, at.Columns), make([]string, at.Columns)
	}
	if r.start >= at.To {
		return nil
	}
	next := r.start
	sum, lane := sha256.New(), sha256.New()
	for t, err := range s.tickDigests(ctx, key, r.start, at.To) {
		if err != nil {
			return err
		}
		if t.Tick != next {
			break // a gap: what comes behind it is not known to be in its place
		}
		next++
		if digests {
			r.Trace[at.column(t.Tick)], r.Result[at.column(t.Tick)] = t.Trace, t.Result
		}
		addHashes(sum, t.Trace, t.Result)
		addHashes(lane, t.Forecast, t.ForecastResult)
		if next == at.To || (next-at.From)%at.Step == 0 {
			column := at.column(t.Tick)
			r.sums[column], r.lane[column] = bucket(sum.Sum(nil)), bucket(lane.Sum(nil))
			sum.Reset()
			lane.Reset()
		}
	}
	return nil
}

func addHashes(sum hash.Hash, trace, result string) {
	sum.Write([]byte(trace)) // fixed lengths: nothing can be shifted
	sum.Write([]byte(result))
}

// classify compares the columns of all rows that were read.
func classify(g *gridAnswer) {
	judged := g.Rows[0].Group == 0
	for column := range g.Columns {
		classes, lanes := make(map[bucket]int64), make(map[bucket]int64)
		from := g.start(column)
		for i, r := range g.Rows {
			class := int64(i)
			if !judged {
				class = int64(len(classes))
			}
			switch {
			case r.sums == nil && r.start <= from:
				class = classNotRead
			case from < r.start: // equal to row 0
				class = 0
			case r.sums[column] == "":
				class = classNotHashed
			default:
				known, ok := classes[r.sums[column]]
				if r.forecast {
					known, ok = lanes[r.lane[column]]
				}
				if ok {
					class = known
					break
				}
				if _, ok := lanes[r.lane[column]]; !ok {
					lanes[r.lane[column]] = class
				}
				if !r.forecast {
					classes[r.sums[column]] = class
				}
			}
			r.Cells = appendCell(r.Cells, class)
		}
	}
}
