package cli

import (
	"context"
	"fmt"

	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/internal/term"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// showLanes draws a run of a window, then tells its verdict in a line. The error says what
// the exit code is to be.
func (c *showCommand) showLanes(ctx context.Context, io *streams, b *bus.Bus, window uint64) (*events.Verdict, error) {
	r, err := drawLanes(ctx, io, b, window, c.RunOnly)
	if err != nil {
		return nil, err
	}
	if r.Verdict == nil {
		return nil, fmt.Errorf("window %d has no verdict yet: %d of %d ticks of run %d are recorded", window, r.Read, r.To-r.From, r.Run)
	}
	if _, err := fmt.Fprintf(io.text(), "\n%s\n", report.FirstLine(r.Verdict)); err != nil {
		return nil, err
	}
	err = c.judge(r.Verdict)
	if err == nil && r.Broken != "" {
		err = errUnknown
	}
	return r.Verdict, err
}

// drawLanes draws lanes and tasks by ticks of a run, or of one of the largest group.
func drawLanes(ctx context.Context, io *streams, b *bus.Bus, window uint64, run *int) (*page.Run, error) {
	r, err := page.ReadRun(ctx, b, window, run, io.columns()-term.MaxLanesMargin)
	if err != nil {
		return nil, err
	}
	l := term.Lanes{Span: term.Span{First: r.From, Ticks: r.To - r.From, Step: r.Step}, Rows: laneRows(r)}
	if _, err := io.text().Write(l.Append([]byte(r.Title()+"\n\n"), io.colorOut)); err != nil {
		return nil, err
	}
	for _, why := range []string{r.Why, r.Broken} {
		if why != "" {
			io.say("run %d is drawn as far as it goes: %s", r.Run, why)
		}
	}
	if r.More > 0 {
		io.say("%d more tasks have no row", r.More)
	}
	return r, nil
}

func laneRows(r *page.Run) (rows []term.LaneRow) {
	for _, lane := range []events.Lane{events.Forecast, events.Shadow} {
		status := r.Lane(lane)
		if status == nil {
			continue
		}
		rows = append(rows, term.LaneRow{Name: lane.String(), Lane: true, Status: status})
		for _, t := range r.Tasks {
			if t.Lane == lane {
				rows = append(rows, term.LaneRow{Name: t.Name, Status: t.Status,
					Counts: [4]int64{t.Counts[events.OK], t.Counts[events.SkippedBudget], t.Counts[events.Error], t.Counts[events.NotComputable]}})
			}
		}
	}
	return rows
}
