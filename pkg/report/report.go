// Package report writes a verdict as text for people: in a terminal, a log, an alert
// or a failing test.
//
// [Append] writes the whole report. The outcome comes first, then what was compared
// and, of a pass, what it excludes, then, after a fail: the fields that differ with both sides beside each other, the
// events around them, the groups of runs, and the command that shows it again. After
// an inconclusive outcome: every reason, the runs and messages that it is about, and
// what to do.
// [Headline] is the first line of that alone.
//
// Nothing is told by colour alone, so that a report reads the same in a log. Task
// names, values and reasons are data: what could move the cursor, hide text or turn
// it around is written as an escape such as \u202e.
//
// The package is pure: it imports no net, os, time or rand.
package report

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/sure"
)

// Options say for what kind of screen a report is.
type Options struct {
	Color  bool // with ANSI colours
	Width  int  // columns; 0 is 80. Tables are made for at least 72
	Screen bool // no line is longer than that, but for hashes and other long words
}

// MaxRows is the most rows of outlier groups, and the most reasons for an inconclusive
// outcome, that a report lists.
const MaxRows = 16

// Append appends the report on a verdict to dst: lines that end in a newline, UTF-8
// if dst is. It shows any verdict, also one that makes no sense. Lines fit the width
// but for the headline, hashes, commands and very long numbers, which are of use only
// when whole. On a screen the headline is broken between words, and a command
// so that it still runs.
func Append(dst []byte, v *events.Verdict, o Options) []byte {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{dst: dst, width: max(o.Width, 72), color: o.Color}
	word, rest := firstLine(v)
	p.line(p.paint(outcomeStyle(v), word), rest)
	p.line()
	p.set(o)
	p.facts(v)
	if d := v.Divergence; d != nil {
		p.difference(v, d)
		p.eventsAround(d)
		p.groups(v)
		p.suspects(v)
	}
	p.machines(v)
	p.problems(v)
	p.notes(v)
	p.again(v)
	return p.fold(len(dst))
}

func outcomeStyle(v *events.Verdict) style {
	switch {
	case v.Outcome == events.Pass && v.Empty == "":
		return boldGreen
	case v.Outcome == events.Fail:
		return boldRed
	}
	return boldYellow
}

// facts says what was compared.
func (p *page) facts(v *events.Verdict) {
	window := fmt.Sprintf("%s, %s", runsText(v), tickRange(v))
	if v.Pipeline != "" {
		window = fmt.Sprintf("%d of %s: %s", v.Window, clean(v.Pipeline), window)
	}
	p.fact("window", window)
	if v.Outcome == events.Pass {
		p.fact("trace", v.ExpectedHash)
		p.fact("result", v.ExpectedResultHash)
		switch {
		case v.Latch != nil && v.FirstRun > 0:
			p.fact("held to", "the trace and result hashes of the window with run 0")
		case v.Latch != nil && v.Latch.Result == "":
			p.fact("latch", "the trace hash is the accepted one, results were not held")
		case v.Latch != nil:
			p.fact("latch", "the trace and result hashes are the accepted ones")
		}
		if v.Latch != nil && v.Latch.Definition != "" && v.Latch.Definition != v.DefinitionSHA256 {
			p.fact("accepted", "with another definition, "+short(v.Latch.Definition))
		}
	}
	p.variations(v)
	if v.DefinitionSHA256 != "" {
		p.fact("definition", short(v.DefinitionSHA256)+"   contexts "+short(v.ContextsSHA256))
	}
	if x := v.Excludes; x != nil && v.Empty == "" {
		p.line()
		for _, line := range wrap(sure.Sentence(x.OneIn, x.Percent), p.prose()-2) {
			p.line("  ", line)
		}
	}
}

func (p *page) fact(name, value string) {
	p.line("  ", pad(name, 12), clip(clean(value), max(64, p.width-14)))
}

func tickRange(v *events.Verdict) string {
	if v.Ticks == 0 {
		return fmt.Sprintf("open, from tick %d", v.FirstTick)
	}
	if v.Ticks == 1 {
		return fmt.Sprintf("tick %d", v.FirstTick)
	}
	return fmt.Sprintf("ticks %d to %d", v.FirstTick, v.FirstTick+v.Ticks-1)
}

// again says how to make the verdict anew.
func (p *page) again(v *events.Verdict) {
	if v.Outcome == events.Pass || v.Reproduce == "" {
		return
	}
	why := "To see it again:"
	if v.Outcome == events.Inconclusive {
		why = "To ask again:"
	}
	p.command(why, v.Reproduce)
}

// notes says what changes how the rest is to be read.
func (p *page) notes(v *events.Verdict) {
	if v.Tie && v.Outcome == events.Fail && v.Probe == nil {
		p.note(boldYellow, "TIE:", "no group is larger than all others, so that it cannot be told which side is right. \"expected\" is only the side with the lowest run.")
	}
	if d := v.Divergence; d != nil && d.Kind == events.KindLatch && v.FirstRun > 0 {
		p.note(boldYellow, "LATCH:", "the runs agree with each other, but not with those of the window with run 0, to which this one adds runs: something is the same within a window and differs between two.")
	} else if d != nil && d.Kind == events.KindLatch {
		p.note(boldYellow, "LATCH:", "the runs agree with each other, but not with the accepted hash: the pipeline, its contexts, or the program or machine that runs it has changed. If that is wanted, accept the found hash in its place.")
	}
	p.shadow(v)
	if v.Drill != nil {
		p.note(boldYellow, "DRILL:", drillNote(v))
	}
	if v.Probe != nil {
		p.note(boldYellow, "PROBE:", probeNote(v.Probe))
	}
}

func drillNote(v *events.Verdict) string {
	d := v.Drill
	what := fmt.Sprintf("%s of %s in run %d at tick %d", d.Kind, d.Task, d.Run, d.Tick)
	switch {
	case v.Outcome == events.Pass:
		return "a difference was to be made on purpose (" + what + "), but all runs are equal. Either it was not made, or the alarm does not work."
	case v.Outcome != events.Fail:
		return "a difference was to be made on purpose (" + what + "). The window could not be judged."
	case isDrill(v):
		return "this difference was made on purpose (" + what + "). The alarm works."
	}
	return "a difference was made on purpose (" + what + "), but that is not what is shown here, or not all of it. The rest is real."
}

func probeNote(p *events.Probe) string {
	return fmt.Sprintf("this window was asked for in the search for what makes window %d differ: %s", p.Window, clean(p.Question))
}

// isDrill tells whether the difference that was found is the one that the drill made,
// and the only one.
func isDrill(v *events.Verdict) bool {
	d, drill := v.Divergence, v.Drill
	if d == nil || len(v.Groups) != 2+len(v.RunGroups) || d.Tick != drill.Tick || (d.Task != drill.Task && d.Kind != events.KindOrder) {
		return false
	}
	run := []int{drill.Run}
	return slices.Equal(v.Groups[1].Runs, run) || slices.Equal(v.Groups[0].Runs, run)
}
