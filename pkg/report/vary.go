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
	for _, line := range wrap(clean(value), max(58, p.width-14)) {
		p.fact(name, line)
		name = ""
	}
}

// suspects says which variations can be behind the difference, by the runs that have it.
func (p *page) suspects(v *events.Verdict) {
	if len(v.Variations) == 0 || v.Outcome != events.Fail || len(v.Groups) < 2 || v.Drill != nil || v.Probe != nil {
		return
	}
	text := suspects(v)
	if text == "" {
		return
	}
	p.line()
	for _, line := range wrap(clean(text), p.width-2) {
		p.line("  ", p.paint(bold, line))
	}
}

// suspects says in a sentence or two what the pattern of the runs says of the cause, ""
// where nothing was varied or nothing differs.
func suspects(v *events.Verdict) string {
	if len(v.Variations) == 0 || len(v.Groups) < 2 {
		return ""
	}
	var groups [][]int // of plain runs
	for i := range v.Groups {
		if events.Made(v.RunGroups, v.Groups[i].Runs) < 0 {
			groups = append(groups, v.Groups[i].Runs)
		}
	}
	if len(groups) < 2 {
		return ""
	}
	list := vary.Suspects(v.Variations, v.Number, groups)
	switch {
	case len(list) == 0:
		return "No variation alone makes the difference: runs that have the same surroundings differ, or it takes two variations together."
	case list[0].All() && len(list) == 1:
		return fmt.Sprintf("It differs when %s varies: in all %d runs that have another one, and in no other.", list[0].Name, list[0].Varied)
	case list[0].All():
		return fmt.Sprintf("It differs when one of these varies: %s.", suspectNames(list))
	}
	return fmt.Sprintf("The difference is rare. If a variation makes it, then one of these: %s; it can as well have come by itself.", suspectNames(list))
}

func suspectNames(list []vary.Suspect) string {
	names := make([]vary.Name, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	return vary.Text(names)
}
