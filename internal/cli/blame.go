package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"abraxas.dev/ers/pkg/blame"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/sure"
	"abraxas.dev/ers/pkg/vary"
)

// searchFlags bound a search for the cause of a difference.
type searchFlags struct {
	Pair    bool `help:"Blame with the fewest runs: one equal and one differing run a probe."`
	MaxRuns int  `default:"160" placeholder:"N" help:"Blame with at most so many runs, all probes together (${default})."`
}

// blameFlags are for commands that can go on with such a search after a fail.
type blameFlags struct {
	Blame bool `help:"On a fail, go on and find out which variation makes the difference: see ers blame."`
	searchFlags
}

func (f *blameFlags) check() error {
	if f.Pair && !f.Blame {
		return errors.New("--pair is for the search with --blame: add --blame")
	}
	return f.searchFlags.check()
}

func (f *searchFlags) check() error {
	if f.MaxRuns < events.MinRuns {
		return fmt.Errorf("--max-runs %d: want at least %d", f.MaxRuns, events.MinRuns)
	}
	return nil
}

// blamer searches for what makes the runs of a window differ.
type blamer struct {
	searchFlags
	json    bool
	of      *events.Verdict
	request *events.WindowRequest // of that window
	make    makeWindow
	probes  map[uint64]*events.Verdict
}

// blameAnswer is what a search came to, for machines.
type blameAnswer struct {
	Pipeline string `json:"pipeline"`
	Window   uint64 `json:"window"`
	blame.Finding
	Differs  []string  `json:"differs"`                // in words
	Between  []float64 `json:"rate_between,omitempty"` // of runs that differ by themselves
	Commands []string  `json:"commands,omitempty"`     // that show the causes
}

// blameToo goes on after a window that failed, if that is wanted. What the window came to
// decides the exit code, so what goes wrong here is only said.
func (f *blameFlags) blameToo(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, failed error, asJSON bool, make makeWindow) {
	if !f.Blame || v == nil || !errors.Is(failed, errFail) {
		return
	}
	if !asJSON {
		fmt.Fprintln(io.out)
	}
	err := blameWindow(ctx, io, b, v, f.searchFlags, asJSON, make)
	if err != nil && !errors.Is(err, errFail) && !errors.Is(err, errUnknown) && ctx.Err() == nil {
		fmt.Fprintf(io.err, "%s: blame: %v\n", io.name(), err)
	}
}

// canVary are the variations that are tried: those that every program should bear, and what
// the window varied beside them.
func canVary(d *program.Definition, v *events.Verdict) []vary.Name {
	if d == nil {
		return nil
	}
	standard, err := vary.List([]string{vary.Standard}, program.Variations(d.Kind))
	if err != nil {
		return nil
	}
	return vary.Union(standard, v.Variations)
}

// blameWindow searches, and tells what it found.
func blameWindow(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, flags searchFlags, asJSON bool, make makeWindow) error {
	if err := blameable(v); err != nil {
		return err
	}
	r, _, err := client.Get(ctx, b, v.Window)
	if err != nil {
		return err
	}
	d, err := definitionOf(ctx, b, v)
	if err != nil {
		return err
	}
	x := &blamer{flags, asJSON, v, r, make, map[uint64]*events.Verdict{}}
	x.sayCost(io, tookWindow(ctx, b, v))
	w := blame.Window{Can: canVary(d, v), Variations: v.Variations, Fixed: v.Fixed, Number: v.Number, Groups: v.PlainGroups()}
	found, err := blame.Search(w, blame.Options{MaxRuns: flags.MaxRuns, Pair: flags.Pair}, func(p blame.Probe) (blame.Answer, error) { return x.ask(ctx, io, p) })
	if err != nil && ctx.Err() == nil {
		return err
	}
	if told := x.tell(io, found, err != nil, d); told != nil {
		return told
	}
	switch {
	case found.Kind != blame.Unknown:
		return errFail
	case err != nil:
		return err
	}
	return errUnknown
}

// blameable refuses a window in which no runs differ from each other.
func blameable(v *events.Verdict) error {
	switch {
	case v.Outcome == events.Pass:
		return fmt.Errorf("window %d passed: all of its runs are equal, and there is nothing to blame", v.Window)
	case v.Drill != nil:
		return fmt.Errorf("window %d is a drill: its difference was made on purpose", v.Window)
	case v.Outcome == events.Fail && v.Divergence.Kind == events.KindLatch:
		return fmt.Errorf("the runs of window %d are equal to each other and differ from what was accepted: what is varied within a window does not explain that", v.Window)
	case len(v.PlainGroups()) < 2:
		return fmt.Errorf("window %d has no runs that differ from each other: %s", v.Window, report.Headline(v))
	}
	return nil
}

// tookWindow is how long a window took; 0 when that cannot be told.
func tookWindow(ctx context.Context, b *bus.Bus, v *events.Verdict) time.Duration {
	_, m, err := client.VerdictSoFar(ctx, b, v.Key())
	if err != nil || m.Seq == 0 {
		return 0
	}
	asked, err := b.Get(ctx, events.StreamWindow, v.Window)
	if err != nil || asked.At == 0 || m.At == 0 {
		return 0
	}
	return time.Duration(m.At - asked.At)
}

// sayCost says beforehand what the search may cost.
func (x *blamer) sayCost(io *streams, took time.Duration) {
	text := fmt.Sprintf("blame: at most %d runs", x.MaxRuns)
	if took > 0 {
		text += fmt.Sprintf(", about %s: window %d took %s for %d", short(took*time.Duration(x.MaxRuns)/time.Duration(x.of.Runs)), x.of.Window, short(took), x.of.Runs)
	}
	fmt.Fprintf(io.err, "%s: %s\n", io.name(), text)
}

// ask has a probe made.
func (x *blamer) ask(ctx context.Context, io *streams, p blame.Probe) (a blame.Answer, err error) {
	v, _, err := x.make(ctx, func(r *events.WindowRequest) { x.probe(io, r, p) })
	if err != nil {
		return a, err
	}
	a = blame.Answer{Window: v.Window, Groups: v.PlainGroups()}
	judged := 0
	for _, g := range a.Groups {
		judged += len(g)
	}
	if judged != p.Runs || v.Outcome == events.Inconclusive {
		return a, fmt.Errorf("window %d, a probe, could not be judged: %s", v.Window, report.Headline(v))
	}
	how := "all are equal"
	if x.probes[v.Window] = v; len(a.Groups) > 1 {
		how = "they differ"
	}
	fmt.Fprintf(io.err, "%s: window %d, %d runs: %s %s\n", io.name(), v.Window, p.Runs, p.Question, how)
	return a, nil
}

// probe makes the request of a window that of a probe.
func (x *blamer) probe(io *streams, r *events.WindowRequest, p blame.Probe) {
	question := p.Question
	if len(question) > events.MaxQuestion {
		question = question[:events.MaxQuestion-3] + "…"
	}
	r.Runs, r.FirstRun, r.Numbers, r.Groups = p.Runs, 0, p.Numbers, nil
	r.Variations, r.Fixed = p.Variations, p.Fixed
	r.Latch, r.Drill, r.Reproduce = nil, nil, io.commandLine()
	r.Probe = &events.Probe{Window: x.of.Window, Request: x.of.Request, Question: question}
}

// tell prints what was found.
func (x *blamer) tell(io *streams, found *blame.Finding, stopped bool, d *program.Definition) error {
	all := &report.Blame{Of: x.of, Finding: found, Stopped: stopped, Probes: x.probes}
	for _, c := range found.Causes {
		if c.Varied {
			all.Commands = append(all.Commands, withVary(x.of, c.Names, d))
		}
	}
	if !x.json {
		_, err := io.out.Write(report.AppendBlame(nil, all, report.Options{Color: io.colorOut, Width: io.width}))
		return err
	}
	a := blameAnswer{Pipeline: x.of.Pipeline, Window: x.of.Window, Finding: *found, Differs: report.BlameLines(all), Commands: all.Commands}
	if found.Odd > 0 && found.Alike() {
		low, high := sure.Between(found.Odd, found.Equal)
		a.Between = []float64{low, high}
	}
	return printJSON(io, a)
}
