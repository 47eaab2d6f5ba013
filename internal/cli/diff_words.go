package cli

import (
	"fmt"
	"strings"

	"abraxas.dev/ers/internal/against"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// diffText is a comparison of two windows as people read it.
func diffText(d *against.Comparison) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%s  windows %d and %d: %s\n\n", strings.ToUpper(string(d.Answer)), d.A, d.B, diffHeadline(d))
	t := factTable{a: fmt.Sprintf("window %d", d.A), b: fmt.Sprintf("window %d", d.B)}
	t.add(&d.Outcome)
	for i := range d.Asked.Facts {
		f := d.Asked.Facts[i]
		if f.Name == against.DefinitionFact || f.Name == against.ContextsFact {
			f.A, f.B = shortHash(f.A), shortHash(f.B)
		}
		t.add(&f)
	}
	for i := range d.Around {
		t.add(&d.Around[i])
	}
	t.write(&text)
	list(&text, "What is other in the definition", d.Asked.Definition)
	if d.Asked.Contexts != "" {
		list(&text, "What is other in the contexts", []string{d.Asked.Contexts})
	}
	tellTicks(&text, d)
	return []byte(text.String())
}

func shortHash(hash string) string { return hash[:min(len(hash), 12)] }

// diffHeadline says what two windows have in common and what not.
func diffHeadline(d *against.Comparison) string {
	if d.Why != "" {
		return d.Why
	}
	asked := "the same is asked for"
	if !d.Asked.Same() {
		asked = "something else is asked for"
	}
	switch {
	case d.Ticks == nil:
		return asked + ", and they have no ticks in common"
	case d.Ticks.First != nil:
		return asked + ", and the runs differ"
	case !d.Outcome.Same():
		return asked + ", and one of them " + map[bool]string{true: "failed", false: "passed"}[d.Outcome.A == string(events.Pass)]
	}
	return asked + ", and the runs are equal to the byte"
}

// factTable lists what differs, and names the rest.
type factTable struct {
	a, b string // the heads
	rows []against.Fact
	same []string
}

func (t *factTable) add(f *against.Fact) {
	if f.Same() {
		t.same = append(t.same, f.Name)
		return
	}
	t.rows = append(t.rows, against.Fact{Name: report.Clean(f.Name), A: report.Clean(f.A), B: report.Clean(f.B)})
}

func (t *factTable) write(text *strings.Builder) {
	const most = 40 // columns of what stands beside something
	name, left := len("the same"), len(t.a)
	for _, r := range t.rows {
		name = max(name, len(r.Name))
		if len(r.A) <= most {
			left = max(left, len(r.A))
		}
	}
	if len(t.rows) > 0 {
		fmt.Fprintf(text, "  %-*s  %-*s  %s\n", name, "", left, t.a, t.b)
	}
	for _, r := range t.rows {
		if len(r.A) <= most {
			fmt.Fprintf(text, "  %-*s  %-*s  %s\n", name, r.Name, left, r.A, r.B)
			continue
		}
		fmt.Fprintf(text, "  %-*s  %s\n  %-*s  %s\n", name, r.Name, r.A, name+2+left, "", r.B)
	}
	if len(t.same) > 0 {
		fmt.Fprintf(text, "  %-*s  %s\n", name, "the same", report.Clean(strings.Join(t.same, ", ")))
	}
}

func list(text *strings.Builder, head string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(text, "\n  %s\n", head)
	for _, line := range lines {
		fmt.Fprintf(text, "    %s\n", report.Clean(line))
	}
}

// tellTicks says where the two runs differ first.
func tellTicks(text *strings.Builder, d *against.Comparison) {
	if d.Ticks == nil {
		return
	}
	t := d.Ticks
	fmt.Fprintf(text, "\n  Run %d of window %d and run %d of window %d: ", d.Runs[0], d.A, d.Runs[1], d.B)
	if t.First == nil {
		fmt.Fprintf(text, "no tick of %d differs\n", t.Compared)
		return
	}
	fmt.Fprintf(text, "%d of %d ticks differ, the first is tick %d\n", t.Differ, t.Compared, *t.First)
	if t.Found == nil {
		fmt.Fprintf(text, "    %s\n", report.Clean(t.Problem))
		return
	}
	v := t.Found
	fmt.Fprintf(text, "    tick %d, event %d: %s\n", v.Tick, v.EventIndex, t.Headline)
	was, is := report.Sides(v)
	fmt.Fprintf(text, "      window %-6d  %.300s\n      window %-6d  %.300s\n", d.A, was, d.B, is)
}
