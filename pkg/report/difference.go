package report

import (
	"fmt"
	"maps"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// difference shows what the two sides have, field by field.
func (p *page) difference(v *events.Verdict, d *events.Divergence) {
	if d.Kind == events.KindLatch {
		p.fact("accepted", scalar(&d.Expected))
		p.fact("found", scalar(&d.Found))
		return
	}
	fields := sideBySide(d)
	labels := 0
	for _, f := range fields {
		labels = max(labels, width(f.name))
	}
	labels = min(labels, p.width/3)
	cell := (p.width - indent - labels - 2*gap) / 2
	expected, found := "expected", sideHead("found", d.Runs, cell)
	if len(v.Groups) > 0 {
		expected = sideHead(expected, v.Groups[0].Runs, cell)
	}
	p.heading(fmt.Sprintf("tick %d, event %d", d.Tick, d.EventIndex))
	p.line(blank(indent+labels+gap), p.paint(dim, pad(expected, cell+gap)), p.paint(dim, found))
	for _, f := range fields {
		p.field(f, labels, cell)
	}
}

func sideHead(side string, list []int, columns int) string {
	head := side + ": " + runs(list)
	if width(head) > columns {
		head = fmt.Sprintf("%s: %d runs", side, len(list))
	}
	return head
}

// field is a line of the comparison.
type field struct {
	name            string
	expected, found string // "" on a side that has no event
	differs         bool
	pointed         bool // both sides are present, and this is where the pointer leads
}

// sideBySide lists the fields of both events, and what stands at the pointer.
func sideBySide(d *events.Divergence) []field {
	expected, found := cells(d.Expected.Event), cells(d.Found.Event)
	both := d.Expected.Event != nil && d.Found.Event != nil
	var list []field
	pointed := d.Pointer == ""
	for i, name := range [...]string{"task", "lane", "status", "cost_ops", "cost_entropy"} {
		f := field{name: name, expected: expected[i], found: found[i]}
		f.pointed = "/"+name == d.Pointer
		f.differs = f.expected != f.found && (both || i == 0)
		pointed = pointed || f.pointed
		list = append(list, f)
	}
	if !pointed {
		return append(list, field{clean(d.Pointer), content(&d.Expected), content(&d.Found), true, d.Expected.Present && d.Found.Present})
	}
	if !both { // show what the task of the one event returned
		one := maps.Collect(canon.Value(d.Expected.Canonical + d.Found.Canonical).Members())
		for _, name := range []string{"value", "error"} {
			if content := one[name]; content != "" && content != canon.Null {
				f := field{name: name, expected: clean(string(content))}
				if d.Expected.Event == nil {
					f.expected, f.found = f.found, f.expected
				}
				list = append(list, f)
			}
		}
	}
	return list
}

func cells(e *events.TraceEvent) [5]string {
	if e == nil {
		return [5]string{"(no event)"}
	}
	return [5]string{clean(e.Task), e.Lane.String(), e.Status.String(), fmt.Sprint(e.CostOps), fmt.Sprint(e.CostEntropy)}
}

func content(s *events.Side) string {
	if !s.Present {
		return "(nothing)"
	}
	return clean(s.Canonical)
}

// field writes one line of the comparison. What is too long to stand side by side is
// written one above the other.
func (p *page) field(f field, labels, cell int) {
	mark, labelStyle, left, right := "  ", plain, plain, plain
	if f.differs {
		mark, labelStyle, left, right = "> ", bold, green, red
	}
	mark = "  " + p.paint(labelStyle, mark)
	stacked := max(width(f.expected), width(f.found)) > cell && f.expected != f.found
	if stacked {
		cell = p.width - stackedIndent - stackedLabel
	}
	a, b := excerpt{text: clip(f.expected, cell)}, excerpt{text: clip(f.found, cell)}
	if f.pointed {
		a, b = excerpts(f.expected, f.found, cell)
	}
	if !stacked {
		label := p.paint(labelStyle, pad(clip(f.name, labels), labels+gap))
		p.line(mark, label, p.paint(left, pad(a.text, cell+gap)), p.paint(right, b.text))
		if f.pointed {
			p.line(blank(indent+labels+gap), pad(a.marks, cell+gap), b.marks)
		}
	} else {
		p.line(mark, p.paint(labelStyle, clip(f.name, p.width-indent)))
		p.side("expected", left, a)
		p.side("found", right, b)
	}
	if f.pointed {
		p.codePoints(f.expected, f.found)
	}
}

// The margins of two sides that stand one above the other.
const (
	stackedIndent = indent + 2
	stackedLabel  = len("expected") + gap
)

func (p *page) side(label string, s style, x excerpt) {
	if x.text != "" {
		p.line(blank(stackedIndent), pad(label, stackedLabel), p.paint(s, x.text))
	}
	if x.marks != "" {
		p.line(blank(stackedIndent+stackedLabel), x.marks)
	}
}

// codePoints tells characters apart that can look the same.
func (p *page) codePoints(expected, found string) {
	a, b := clusters(expected), clusters(found)
	i := commonPrefix(a, b)
	if i < min(len(a), len(b)) && (len(a[i]) > 1 || len(b[i]) > 1) {
		p.line(blank(stackedIndent), fmt.Sprintf("first difference: %s is %s, %s is %s", a[i], codes(a[i]), b[i], codes(b[i])))
	}
}

func codes(cluster string) string { return strings.Trim(fmt.Sprintf("%U", []rune(cluster)), "[]") }

// excerpt is a part of a text, and a line of ^ to put under it.
type excerpt struct{ text, marks string }

// excerpts cuts two different texts to the given columns so that the first place
// where they differ shows, and marks what differs. Both begin at the same place.
func excerpts(a, b string, columns int) (excerpt, excerpt) {
	ca, cb := clusters(a), clusters(b)
	prefix := commonPrefix(ca, cb)
	suffix := 0
	for suffix < min(len(ca), len(cb))-prefix && ca[len(ca)-1-suffix] == cb[len(cb)-1-suffix] {
		suffix++
	}
	from := 0
	if max(width(a), width(b)) > columns {
		// A third of the columns is for what comes before the difference.
		from = prefix
		for before := 0; from > 0 && before+width(ca[from-1]) < columns/3; {
			from--
			before += width(ca[from])
		}
	}
	return cutOut(ca, from, prefix, len(ca)-suffix, columns), cutOut(cb, from, prefix, len(cb)-suffix, columns)
}

// cutOut returns the text from cluster from on, in at most the given columns, with
// the clusters from start to end marked; one of them at least, be it past the last.
func cutOut(text []string, from, start, end, columns int) excerpt {
	var shown, marks strings.Builder
	used := 0
	put := func(cluster string, mark string) {
		shown.WriteString(cluster)
		marks.WriteString(strings.Repeat(mark, width(cluster)))
		used += width(cluster)
	}
	if from > 0 {
		put("…", " ")
	}
	rest := width(strings.Join(text[min(from, len(text)):], ""))
	for i := from; i < len(text); i++ {
		w := width(text[i])
		if used+rest > columns && used+w > columns-1 {
			put("…", " ")
			break
		}
		mark := " "
		if i >= start && i < max(end, start+1) {
			mark = "^"
		}
		put(text[i], mark)
		rest -= w
	}
	if start >= len(text) {
		marks.WriteByte('^')
	}
	return excerpt{shown.String(), strings.TrimRight(marks.String(), " ")}
}
