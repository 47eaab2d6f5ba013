package report

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// variations says what was varied, and what was not although it was to be.
func (p *page) variations(v *events.Verdict) {
	if len(v.Variations) > 0 {
		p.wrapped("varied", vary.Text(v.Variations))
	}
	if len(v.Fixed) > 0 {
		p.wrapped("fixed", vary.Text(v.Fixed))
	}
	label := "not varied"
	for _, n := range v.NotVaried {
		text := fmt.Sprintf("%s: %s", n.Name, n.Reason)
		if len(n.Runs) < v.Runs {
			text += " (" + runs(n.Runs) + ")"
		}
		p.wrapped(label, text)
		label = ""
	}
}

// wrapped is a fact of some lines.
func (p *page) wrapped(name, value string) {
	for _, line := range wrap(clean(value), max(p.prose()-14, leastProse)) {
		p.fact(name, line)
		name = ""
	}
}

// suspects says which variations can be behind the difference, by the runs that have it.
func (p *page) suspects(v *events.Verdict) {
	_, sentence := Suspects(v)
	if sentence == "" {
		return
	}
	p.line()
	for _, line := range wrap(clean(sentence), p.prose()-2) {
		p.line("  ", p.paint(bold, line))
	}
}

// Suspects says in a sentence or two what the pattern of the runs says of the cause of a
// fail, and which variations it names. Nothing, where nothing was varied, where nothing
// differs, and of a drill, whose cause is known, or a probe, which asks for it.
func Suspects(v *events.Verdict) (names []vary.Name, sentence string) {
	if len(v.Variations) == 0 || v.Outcome != events.Fail || v.Drill != nil || v.Probe != nil {
		return nil, ""
	}
	groups := v.PlainGroups()
	if len(groups) < 2 {
		return nil, ""
	}
	list := vary.Suspects(v.Variations, v.Number, groups)
	for i := range list {
		names = append(names, list[i].Name)
	}
	switch {
	case len(list) == 0:
		return nil, "No variation alone makes the difference: runs that have the same surroundings differ, or it takes two variations together."
	case list[0].All() && len(list) == 1:
		return names, fmt.Sprintf("It differs when %s varies: in all %d runs that have another one, and in no other.", names[0], list[0].Varied)
	case list[0].All():
		return names, fmt.Sprintf("It differs when one of these varies: %s.", vary.Text(names))
	}
	if first := list[0]; len(list) == 1 && 2*first.Differs > first.Varied {
		return names, fmt.Sprintf("It differs in %d of the %d runs in which %s varies, and in no other.", first.Differs, first.Varied, first.Name)
	}
	return names, fmt.Sprintf("The difference is rare. If a variation makes it, then one of these: %s; it can as well have come by itself.", vary.Text(names))
}
