package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/internal/term"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

type showCommand struct {
	stored
	Window []uint64 `xor:"which" placeholder:"W" help:"The window. With several, as in 1,2,3, also what their budgets come to. Left out: the last."`
	ofPipeline
	strictFlag
	JSON    bool `name:"json" help:"Print one JSON document in place of the picture."`
	Lanes   bool `help:"Draw the lanes and tasks of a run, with what was skipped and what failed, in place of the runs."`
	RunOnly *int `name:"run" placeholder:"R" help:"With --lanes: the run. Left out: one of the largest group."`
}

func (*showCommand) examples() string {
	return `  ers show                                     the last window of the server, or of ./ers-data
  ers show --pipeline oracle                   the last one of pipeline oracle
  ers show --window 17                         with NATS_URL set
  ers show --store data --window 1
  ers show --store data --window 1 --lanes     tasks by ticks, and which were skipped
  ers show --store data --window 1,2,3 --lanes several budgets, and what they come to
  ers show --json | jq -r '.windows[].headline'
`
}

func (c *showCommand) Run(ctx context.Context, io *streams) error {
	if c.RunOnly != nil && !c.Lanes {
		return errors.New("--run belongs to --lanes")
	}
	if c.Lanes && c.JSON {
		return errLanesJSON
	}
	b, err := c.open(ctx, io)
	if err == nil {
		err = errors.Join(c.showAll(ctx, io, b), b.Close())
	}
	return jsonError(io, c.JSON, showSchema, err)
}

// showAll draws the windows, and tells of several what their budgets come to.
func (c *showCommand) showAll(ctx context.Context, io *streams, b *bus.Bus) error {
	windows := c.Window
	if len(windows) == 0 {
		last, err := c.last(ctx, io, b)
		if err != nil {
			return err
		}
		windows = []uint64{last}
	}
	if c.JSON {
		return c.showJSON(ctx, io, b, windows)
	}
	all := new(across)
	for i, window := range windows {
		if i > 0 {
			fmt.Fprintln(io.out)
		}
		show := c.show
		if c.Lanes {
			show = c.showLanes
		}
		v, err := show(ctx, io, b, window)
		if err := all.add(ctx, b, v, err); err != nil {
			return err
		}
	}
	return all.tell(ctx, io, b, new(answerFlags), false)
}

// show draws a window, then tells its verdict. The error says what the exit code is to be.
func (c *showCommand) show(ctx context.Context, io *streams, b *bus.Bus, window uint64) (*events.Verdict, error) {
	r, key, err := client.Get(ctx, b, window)
	if err != nil {
		return nil, err
	}
	v, _, err := client.VerdictSoFar(ctx, b, key)
	if err != nil {
		return nil, err
	}
	if p, err := client.Archived(ctx, b, key); p != nil || err != nil {
		return v, cmp.Or(err, c.showArchived(io, p, v))
	}
	if r, err = client.Shown(ctx, b, key, r); err != nil {
		return nil, err
	}
	p := &picture{bus: b, io: io, window: window, request: r, verdict: v}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	text := []byte(report.Fold(string(p.draw()), io.width))
	if v != nil {
		text = report.Append(append(text, '\n'), v, io.screen())
	}
	if _, err := io.out.Write(text); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("window %d has no verdict yet: %d of %d runs are hashed to their end", window, p.sealed, r.Runs)
	}
	d, err := definitionOf(ctx, b, v)
	if err == nil {
		err = explain(ctx, io, b, v, d, "")
	}
	if err != nil {
		return v, err
	}
	return v, c.judge(v)
}

// picture is a window that is being drawn. Runs that a verdict says are equal to the
// byte share a row: one of them is read.
type picture struct {
	bus     *bus.Bus
	io      *streams
	window  uint64
	request *events.WindowRequest
	verdict *events.Verdict // nil: none yet

	span    term.Span
	rows    [][]int // runs
	rowOf   []int   // of each run
	sealed  int
	classes [][]int // of each row
}

func (p *picture) read(ctx context.Context) error {
	p.span = term.Fit(p.request.FirstTick, p.request.Ticks, p.io.columns()-term.Margin(p.request.Runs))
	p.share()
	if len(p.rows) == 1 { // nothing to compare
		p.classes = [][]int{make([]int, p.span.Columns())}
		return nil
	}
	ends := make([]int64, len(p.rows))
	for i, runs := range p.rows {
		m, err := p.bus.Last(ctx, events.StreamDigest, events.DigestSubject(p.key(runs[0])))
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		var d events.Digest
		if events.Decode(m.Data, &d) == nil { // else reading the row says so
			ends[i] = d.Done
			if d.Final && d.Problem == nil {
				p.sealed++
			}
		}
	}
	matrix := term.NewMatrix(p.span, ends)
	for i, runs := range p.rows {
		if err := p.readRow(ctx, runs[0], ends[i], matrix.NewRow()); err != nil {
			return err
		}
	}
	p.classes = matrix.Classes()
	if !p.judged() {
		term.Renumber(p.classes)
		return nil
	}
	for i, runs := range p.rows {
		if events.Made(p.request.Groups, runs) >= 0 {
			p.drawForecast(p.classes[i], runs[0])
		}
	}
	return nil
}

// drawForecast corrects the row of a run that was made without shadow tasks. What is
// compared of it is the forecast lane: up to the tick where that differs it is equal.
func (p *picture) drawForecast(row []int, run int) {
	differs := p.span.First + p.span.Ticks
	for _, g := range p.verdict.Groups {
		if g.Differs != nil && slices.Contains(g.Runs, run) && slices.Contains(p.verdict.Outliers, run) {
			differs = g.Differs.Tick
		}
	}
	for column := range row {
		end := p.span.First + min(int64(column+1)*p.span.Step, p.span.Ticks)
		if row[column] != term.NotHashed && end <= differs {
			row[column] = 0
		}
	}
}

// judged tells whether there is a group to compare with. Without one the first run
// that is hashed there stands in for it, column by column.
func (p *picture) judged() bool { return p.verdict != nil && len(p.verdict.Groups) > 0 }

// share makes a row for each group of the verdict, then one for each run that is in
// none.
func (p *picture) share() {
	p.rowOf = make([]int, p.request.Runs)
	for run := range p.rowOf {
		p.rowOf[run] = -1
	}
	if p.verdict != nil {
		for _, g := range p.verdict.Groups {
			var runs []int
			for _, run := range g.Runs {
				if run >= 0 && run < len(p.rowOf) && p.rowOf[run] < 0 {
					p.rowOf[run] = len(p.rows)
					runs = append(runs, run)
				}
			}
			if len(runs) > 0 {
				p.rows = append(p.rows, runs)
			}
		}
	}
	for run := range p.rowOf {
		if p.rowOf[run] < 0 {
			p.rowOf[run] = len(p.rows)
			p.rows = append(p.rows, []int{run})
		}
	}
}

func (p *picture) key(run int) events.RunKey {
	return events.RunKey{Pipeline: p.request.Pipeline, Window: p.window, Run: run}
}

// readRow adds up to end ticks of a run, as far as they follow each other.
func (p *picture) readRow(ctx context.Context, run int, end int64, row *term.Row) error {
	next := p.request.FirstTick
	end += next
	if next == end {
		return nil
	}
	for m, err := range p.bus.Read(ctx, events.StreamDigest, events.DigestSubject(p.key(run)), 1, 0) {
		if err != nil {
			return err
		}
		var d events.Digest
		if err := events.Decode(m.Data, &d); err != nil {
			p.io.say("run %d is drawn to tick %d: %s sequence %d: %v", run, next-1, m.Stream, m.Seq, err)
			return nil
		}
		for i := range d.Covers {
			if t := &d.Covers[i]; t.Tick == next && next < end {
				row.Add(t.Trace, t.Result)
				next++
			}
		}
	}
	if next < end {
		p.io.say("run %d is drawn to tick %d: no digest of the next one", run, next-1)
	}
	return nil
}

// draw returns the picture and, below it, who has which letter.
func (p *picture) draw() []byte {
	head := fmt.Sprintf("window %d of %s: %d runs, %s", p.window, p.request.Pipeline, p.request.Runs, tickSpan(p.span.First, p.span.Ticks))
	grid := term.Grid{Span: p.span, Reference: "A"}
	if !p.judged() {
		grid.Reference = "the first run that is hashed there"
	}
	for run, row := range p.rowOf {
		r := term.Run{Run: run, Group: row, Cells: p.classes[row]}
		if !p.judged() {
			r.Group = -1
		}
		grid.Runs = append(grid.Runs, r)
	}
	text := grid.Append([]byte(head+"\n\n"), p.io.colorOut)
	if !p.judged() {
		return text
	}
	return term.AppendGroups(append(text, '\n'), p.groups(), p.io.colorOut)
}

func (p *picture) groups() (list []term.Group) {
	for _, runs := range p.rows {
		g := term.Group{Runs: runs}
		if run := runs[0]; run < len(p.verdict.Hashes) && run < len(p.verdict.ResultHashes) {
			g.Trace, g.Result = p.verdict.Hashes[run], p.verdict.ResultHashes[run]
		}
		list = append(list, g)
	}
	return list
}
