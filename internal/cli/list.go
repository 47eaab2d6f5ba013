package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/rivo/uniseg"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// stateRunning is the state of a window that has no verdict yet.
const stateRunning = "running"

// anyOutcome is what a window may come to where that is not chosen.
const anyOutcome = "any"

// maxListed is how many messages of ERS_WINDOW are looked at, the newest.
const maxListed = 10_000

type listCommand struct {
	stored
	Pipeline string `placeholder:"P" help:"Windows of this pipeline alone, and what all windows of its newest case exclude together."`
	Outcome  string `enum:"any,pass,fail,inconclusive,running" default:"any" placeholder:"OUTCOME" help:"Windows that came to this alone: pass, fail, inconclusive or running."`
	Last     int    `default:"20" placeholder:"N" help:"The newest N (${default}); 0 is all of the newest 10 000."`
	JSON     bool   `name:"json" help:"Print JSON Lines, an object a window; with --pipeline another with a case and no window at the end."`
}

func (*listCommand) examples() string {
	return `  ers list --store data                        the newest at the bottom
  ers list --pipeline oracle --outcome fail    with NATS_URL set
  ers list --last 0 --json | jq -r 'select(.drill or .probe|not) | .headline'
`
}

// listed is a window in the list.
type listed struct {
	Window           uint64       `json:"window"`
	Pipeline         string       `json:"pipeline"`
	Request          string       `json:"request"` // SHA-256
	State            string       `json:"state"`   // an outcome, running or unreadable
	Runs             int          `json:"runs"`
	FirstTick        int64        `json:"first_tick"`
	Ticks            int64        `json:"ticks"` // 0: open runs
	DefinitionSHA256 string       `json:"definition_sha256"`
	Drill            bool         `json:"drill"`              // a difference was made on purpose
	Probe            bool         `json:"probe"`              // it answers a question about another window
	Empty            events.Empty `json:"empty,omitempty"`    // why no task ended ok, of one that passed
	Headline         string       `json:"headline"`           // what it came to; "" while it runs
	Archived         string       `json:"archived,omitempty"` // where its runs are, when they are no longer here
	waits            string       // for what, while it runs
}

func (c *listCommand) Run(ctx context.Context, io *streams) error {
	if c.Last < 0 {
		return fmt.Errorf("--last %d: want a number of windows, 0 for all", c.Last)
	}
	if c.Pipeline != "" {
		if err := events.CheckPipelineName(c.Pipeline); err != nil {
			return fmt.Errorf("--pipeline: %w", err)
		}
	}
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.list(ctx, io, b), b.Close())
}

func (c *listCommand) list(ctx context.Context, io *streams, b *bus.Bus) error {
	end, err := b.LastSeq(ctx, events.StreamWindow)
	if err != nil {
		return err
	}
	tombstones, err := b.Count(ctx, events.StreamWindow, events.PrunedSubjects)
	if err != nil {
		return err
	}
	from := uint64(1)
	if end > maxListed+tombstones {
		from = end - maxListed - tombstones + 1
	}
	found, list, err := c.gather(ctx, c.newest(b, from, end), c.verdicts(b), tombstones > 0)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if !c.JSON {
		sayWaits(ctx, io, b, list)
	}
	if err := c.print(io, list); err != nil {
		return err
	}
	if c.Pipeline != "" {
		if err := c.printBound(ctx, io, found); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(io.err, "ers: there is no such window")
	}
	if from > 1 && (c.Last == 0 || len(list) < c.Last) {
		fmt.Fprintf(io.err, "ers: windows before %d are not looked at\n", from)
	}
	return nil
}

// newest reads the requests that are wanted: all at once where all are looked at, as of one
// pipeline, since what its windows exclude together is said too.
func (c *listCommand) newest(b *bus.Bus, from, end uint64) *newest {
	n := &newest{bus: b, filter: events.WindowSubject("*", cmp.Or(c.Pipeline, "*")), from: from, end: end, piece: max(firstPiece, uint64(c.Last))}
	if c.Pipeline != "" || c.Last == 0 {
		n.piece = maxListed
	}
	return n
}

func (c *listCommand) verdicts(b *bus.Bus) *verdicts {
	v := &verdicts{bus: b}
	if c.Pipeline != "" {
		v.filter = events.VerdictsOf("*", c.Pipeline)
	}
	return v
}

// known are windows that were read, the newest first, and their verdicts.
type known struct {
	requests []bus.Message
	verdicts *verdicts
}

// gather looks at windows, the newest first, until there are enough of those that are wanted.
func (c *listCommand) gather(ctx context.Context, n *newest, v *verdicts, tombstones bool) (found known, list []*listed, err error) {
	found.verdicts = v
	enough := func() bool { return c.Last > 0 && len(list) == c.Last }
	for !enough() || c.Pipeline != "" {
		behind := n.end
		piece, err := n.read(ctx)
		if len(piece) == 0 || err != nil {
			return found, list, err
		}
		if err := v.read(ctx, behind-n.end); err != nil {
			return found, nil, err
		}
		found.requests = append(found.requests, piece...)
		for _, m := range piece {
			if enough() {
				break
			}
			if v.excluded(m, c.Outcome) {
				continue
			}
			w, err := look(ctx, v, m)
			if err != nil {
				return found, nil, err
			}
			if tombstones {
				if err := w.locate(ctx, v.bus); err != nil {
					return found, nil, err
				}
			}
			if c.Outcome == anyOutcome || w.State == c.Outcome {
				list = append(list, w)
			}
		}
	}
	return found, list, nil
}

// look finds out what a window came to. What cannot be read is said of it.
func look(ctx context.Context, verdicts *verdicts, m bus.Message) (*listed, error) {
	w := &listed{Window: m.Seq, State: stateRunning}
	r, key, err := events.ReadRequest(m)
	if err != nil {
		_, w.Pipeline, _ = events.ParseWindowSubject(m.Subject)
		w.unreadable("request", err)
		return w, nil
	}
	*w = describe(r, key)
	v, found, err := verdicts.of(ctx, key)
	switch {
	case err != nil && found.Seq == 0:
		return nil, err
	case err != nil:
		w.unreadable("verdict", err)
	case v != nil:
		w.judged(v)
	}
	return w, nil
}

// locate finds out whether the window is archived, and where.
func (w *listed) locate(ctx context.Context, b *bus.Bus) error {
	p, err := client.Archived(ctx, b, events.WindowKey{Pipeline: w.Pipeline, Window: w.Window, Request: w.Request})
	if err == nil && p != nil {
		w.Archived = p.Archive
	}
	return err
}

func (w *listed) unreadable(what string, err error) {
	w.State, w.Headline = "unreadable", fmt.Sprintf("the %s cannot be read: %v", what, err)
}

func (c *listCommand) print(io *streams, list []*listed) error {
	if c.JSON {
		for _, w := range list {
			if err := printJSON(io, w); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		return nil
	}
	if io.width > 0 && io.width < narrow {
		return printNarrow(io, list)
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "window\tpipeline\toutcome\truns\tticks\tdefinition\t")
	for _, w := range list {
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%.8s\t%s\n", w.Window, w.Pipeline, w.State, w.Runs, w.ticks(), w.DefinitionSHA256, report.Clean(w.note()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(io.out, cut(strings.TrimRight(line, " \n"), io.width)); err != nil {
			return err
		}
	}
	return nil
}

// printBound prints what the newest case of the pipeline comes to, all of its windows
// together, whichever of them are listed.
func (c *listCommand) printBound(ctx context.Context, io *streams, found known) error {
	sum, err := boundOf(ctx, found)
	switch {
	case sum == nil || err != nil:
		return err
	case c.JSON:
		return printJSON(io, sum)
	}
	return sum.tell(io.out)
}

func (w *listed) ticks() string {
	switch w.Ticks {
	case 0:
		return "open"
	case 1:
		return fmt.Sprint(w.FirstTick)
	}
	return fmt.Sprintf("%d-%d", w.FirstTick, w.FirstTick+w.Ticks-1)
}

// note is what there is to say of a window in a few words.
func (w *listed) note() string {
	switch {
	case w.Archived != "":
		return "archived in " + w.Archived
	case w.State == stateRunning:
		return w.waits
	case w.State != string(events.Pass) || w.Empty != "":
		return w.Headline // of a drill too
	case w.Drill:
		return "drill"
	case w.Probe:
		return "probe"
	}
	return ""
}

// cut shortens a text to so many columns; 0: not at all.
func cut(text string, columns int) string {
	if columns == 0 || uniseg.StringWidth(text) <= columns {
		return text
	}
	shown, rest, state := "", text, -1
	for rest != "" {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if uniseg.StringWidth(shown)+width > columns-1 {
			break
		}
		shown += cluster
	}
	return shown + "…"
}
