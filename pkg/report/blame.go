package report

import (
	"fmt"
	"math"

	"abraxas.dev/ers/pkg/blame"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/sure"
	"abraxas.dev/ers/pkg/vary"
)

// Blame is what a search for the cause of a difference came to.
type Blame struct {
	Of       *events.Verdict            // the window whose runs differ
	Finding  *blame.Finding             //
	Stopped  bool                       // somebody stopped it: this is what is known
	Probes   map[uint64]*events.Verdict // the windows that it asked for, by their number
	Commands []string                   // that show the causes, in their order
}

// AppendBlame appends the report on a search to dst, as [Append] does for a verdict.
func AppendBlame(dst []byte, b *Blame, o Options) []byte {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{dst: dst, width: max(o.Width, 72), color: o.Color}
	label := "BLAME"
	for _, line := range BlameLines(b) {
		p.line(p.paint(boldRed, pad(label, 5)), "  ", line)
		label = ""
	}
	p.line()
	p.fact("window", fmt.Sprintf("%d of %s: %d runs, %s", b.Of.Window, clean(b.Of.Pipeline), b.Of.Runs, tickRange(b.Of)))
	p.blamed(b)
	for _, command := range b.Commands {
		p.line()
		p.line("  To see it:  ", p.paint(bold, clean(command)))
	}
	return p.dst
}

// blamed says what the search rests on.
func (p *page) blamed(b *Blame) {
	f := b.Finding
	switch {
	case f.Odd > 0 && f.Alike():
		low, high := sure.Between(f.Odd, f.Equal)
		p.wrapped("how often", fmt.Sprintf("in %s to %s %% of all runs, with %.0f %%", percent(low), percent(high), 100*sure.Usual))
	case f.Odd == 0 && f.Equal > 0:
		p.wrapped("equal runs", fmt.Sprintf("%d with equal surroundings are equal: %s", f.Equal, sure.Bound(f.Equal)))
	}
	for _, c := range f.Causes {
		how := "all else fixed, %s free: runs differ in window %d"
		if c.Varied {
			how = "all else fixed, %s varied: runs differ in window %d"
		}
		text := fmt.Sprintf(how, blame.Listed(c.Names), c.Shown)
		p.wrapped("cause", text)
	}
	if f.Passed > 0 {
		p.wrapped("without", fmt.Sprintf("%s fixed, all else as it was: runs are equal in window %d", blame.Listed(f.Names()), f.Passed))
	}
	if f.Shown > 0 {
		p.fact("shown", fmt.Sprintf("window %d", f.Shown))
	}
	if len(f.Causes) > 0 && f.Why != "" {
		p.wrapped("open", "there may be more behind it: "+f.Why)
	}
	p.fact("probes", fmt.Sprintf("%s, %s", Plural(f.Windows, "window"), Plural(f.Runs, "run")))
}

// Plural counts something: "1 window", "2 windows".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// percent rounds a share to whole percents, small ones to a tenth.
func percent(share float64) string {
	if share < 0.1 {
		return fmt.Sprintf("%.1f", 100*share)
	}
	return fmt.Sprintf("%.0f", math.Round(100*share))
}

// BlameLines say in a line for each cause what a search came to.
func BlameLines(b *Blame) (lines []string) {
	f := b.Finding
	for _, c := range f.Causes {
		lines = append(lines, "differs "+when(&c)+where(b, c.Shown))
	}
	switch {
	case len(lines) > 0:
	case f.Kind == blame.Itself && f.Alike():
		lines = append(lines, fmt.Sprintf("differs by itself: in %d of %d equal runs%s", f.Odd, f.Equal, where(b, f.Shown)))
	case f.Kind == blame.Itself:
		lines = append(lines, fmt.Sprintf("differs by itself: no two of %d equal runs are equal%s", f.Equal, where(b, f.Shown)))
	default:
		lines = append(lines, unknown(b)...)
	}
	return lines
}

func when(c *blame.Cause) string {
	switch {
	case !c.Varied:
		return "when " + blame.Are(c.Names) + " free"
	case len(c.Names) > 1:
		return "when " + blame.Listed(c.Names) + " vary together"
	}
	return "when " + blame.Listed(c.Names) + " varies"
}

// unknown says what is known where the cause was not found.
func unknown(b *Blame) []string {
	f := b.Finding
	head := "could not be found: " + f.Why
	if b.Stopped {
		head = "stopped before it was found"
	}
	lines := []string{head}
	switch {
	case len(f.Among) > 0:
		lines = append(lines, "it is among these: "+vary.Text(f.Among))
	case f.Equal > 0:
		lines = append(lines, fmt.Sprintf("%d runs with equal surroundings are equal", f.Equal))
	}
	return lines
}

// where says in what the runs of a window differ: ": task place: one and other".
func where(b *Blame, window uint64) string {
	v := b.Probes[window]
	if v == nil && window == 0 {
		v = b.Of
	}
	if v == nil || v.Divergence == nil {
		return ""
	}
	return ": " + Differs(v.Divergence)
}

// Differs says where two runs differ, and what each of them has there.
func Differs(d *events.Divergence) string {
	const most = 40
	place := name(d.Task)
	if at := Place(d); at != "" {
		place += " " + clean(at)
	}
	expected, found := Sides(d)
	return fmt.Sprintf("%s: %s and %s", place, clip(expected, most), clip(found, most))
}
