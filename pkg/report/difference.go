package report

import (
	"fmt"
	"slices"
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
	c, heads := p.sides(v, d, fields)
	p.heading(fmt.Sprintf("tick %d, event %d", d.Tick, d.EventIndex))
	p.line(blank(indent+c.label+gap), p.paint(dim, pad(heads.expected, c.left+gap)), p.paint(dim, heads.found))
	for _, f := range fields {
		p.field(f, c)
	}
}

// sides are the columns of two sides that stand beside each other, and of the names
// before them.
type sides struct{ label, left, right int }

// sides divides the page so that most of the fields can stand side by side, and
// returns what to write over the two sides.
func (p *page) sides(v *events.Verdict, d *events.Divergence, fields []field) (c sides, heads field) {
	for _, f := range fields {
		c.label = max(c.label, width(f.name))
	}
	c.label = min(c.label, p.width/3)
	room := p.width - indent - c.label - 2*gap
	heads.found = sideHead("found", d.Runs, room/2)
	for _, f := range append(fields, heads) {
		if w := width(f.found); w <= room/2 {
			c.right = max(c.right, w)
		}
	}
	heads.expected = "expected"
	if slices.Contains(events.OwnKinds, d.Kind) {
		heads.expected = "in its record"
	} else if len(v.Groups) > 0 {
		heads.expected = sideHead("expected", v.Groups[0].Runs, room-c.right)
	}
	for _, f := range append(fields, heads) {
		if w := width(f.expected); w <= room-c.right {
			c.left = max(c.left, w)
		}
	}
	c.right = room - c.left
	return c, heads
}

// sideHead names the runs of a side, or says how many they are.
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

// sideBySide lists the task and what differs: fields of both events, what stands at
// the pointer, and the error texts. The rest is in the table of events.
func sideBySide(d *events.Divergence) []field {
	expected, found := cells(d.Expected.Event), cells(d.Found.Event)
	if slices.Contains(events.OwnKinds, d.Kind) { // the two sides are values alone
		return ownFields(d)
	} else if d.Pointer == "" {
		return append([]field{{"task", expected[0], found[0], true, false}}, onlyOne(d)...)
	}
	var list []field
	pointed := false
	for i, name := range [...]string{"task", "lane", "status", "cost_ops", "cost_entropy"} {
		f := field{name, expected[i], found[i], expected[i] != found[i], "/"+name == d.Pointer}
		if i == 0 || f.differs {
			list = append(list, f)
		}
		pointed = pointed || f.pointed
		if d.Pointer == "/task" { // two tasks: nothing else of them compares
			return list
		}
	}
	if d.Content != nil {
		list = append(list, contentField(d))
	} else if !pointed {
		list = append(list, field{clean(d.Pointer), sideText(&d.Expected), sideText(&d.Found), true, d.Expected.Present && d.Found.Present})
	}
	if expected, found := d.Expected.Error, d.Found.Error; d.Pointer != "/error" && expected+found != "" {
		list = append(list, field{"error", quote(expected), quote(found), expected != found, false})
	}
	return list
}

// contentField is the line of what differs in the output of a command.
func contentField(d *events.Divergence) field {
	expected, found := Sides(d)
	return field{clean(Place(d)), expected, found, true, !strings.HasPrefix(expected, "(") && !strings.HasPrefix(found, "(")}
}

// onlyOne lists what the task of an event returned that only one side has.
func onlyOne(d *events.Divergence) (list []field) {
	put := func(name, text string) {
		f := field{name: name, expected: text}
		if d.Expected.Event == nil {
			f.expected, f.found = "", text
		}
		list = append(list, f)
	}
	for name, value := range canon.Value(d.Expected.Canonical + d.Found.Canonical).Members() {
		if name == "value" && value != canon.Null {
			put(name, clean(string(value)))
		}
	}
	if text := d.Expected.Error + d.Found.Error; text != "" {
		put("error", quote(text))
	}
	return list
}

func cells(e *events.TraceEvent) [5]string {
	if e == nil {
		return [5]string{"(no event)"}
	}
	return [5]string{clean(e.Task), e.Lane.String(), e.Status.String(), fmt.Sprint(e.CostOps), fmt.Sprint(e.CostEntropy)}
}

func sideText(s *events.Side) string {
	if !s.Present {
		return "(nothing)"
	}
	return clean(s.Canonical)
}

// quote shows an error text as it is shown where it is what differs.
func quote(text string) string {
	if text == "" {
		return "(none)"
	}
	if quoted, err := canon.Of(text); err == nil {
		return clean(string(quoted))
	}
	return clean(text)
}

// field writes one line of the comparison. What is too long to stand side by side is
// written one above the other.
func (p *page) field(f field, c sides) {
	mark, labelStyle, left, right := "  ", plain, plain, plain
	if f.differs {
		mark, labelStyle, left, right = "> ", bold, green, red
	}
	mark = "  " + p.paint(labelStyle, mark)
	if width(f.expected) > c.left || width(f.found) > c.right {
		p.line(mark, p.paint(labelStyle, clip(f.name, p.width-indent)))
		p.stacked(f, left, right)
	} else {
		label := p.paint(labelStyle, pad(clip(f.name, c.label), c.label+gap))
		p.line(mark, label, p.paint(left, pad(f.expected, c.left+gap)), p.paint(right, strings.TrimRight(f.found, " ")))
		if a, b := excerpts(f.expected, f.found, max(c.left, c.right)); f.pointed && a.marks+b.marks != "" {
			p.line(blank(indent+c.label+gap), pad(a.marks, c.left+gap), b.marks)
		}
	}
	if f.pointed {
		p.codePoints(f.expected, f.found)
	}
}

// The margins of two sides that stand one above the other.
const (
	stackedIndent = indent + 2
	stackedLabel  = len("expected") + gap
	stackedLines  = 3 // of a text that is not cut around a difference
)

func (p *page) stacked(f field, left, right style) {
	columns := p.width - stackedIndent - stackedLabel
	if f.pointed {
		a, b := excerpts(f.expected, f.found, columns)
		p.side("expected", left, a.marks, a.text)
		p.side("found", right, b.marks, b.text)
		return
	}
	expected, found := breakUp(f.expected, columns, stackedLines), breakUp(f.found, columns, stackedLines)
	if f.expected == f.found {
		p.side("both", left, "", expected...)
		return
	}
	p.side("expected", left, "", expected...)
	p.side("found", right, "", found...)
}

// side writes the lines of one side, and the marks under the last.
func (p *page) side(label string, s style, marks string, lines ...string) {
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		p.line(blank(stackedIndent), pad(label, stackedLabel), p.paint(s, strings.TrimRight(line, " ")))
	}
	if marks != "" {
		p.line(blank(stackedIndent+stackedLabel), marks)
	}
}
