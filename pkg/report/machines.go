package report

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// machines lists where the runs were made, and says what of it the differences follow.
func (p *page) machines(v *events.Verdict) {
	if !v.Spread || len(v.Machines) == 0 {
		return // not asked for, or no run came to its end
	}
	columns := []column{{head: "runs", max: 26}, {head: "machine"}, {head: "kernel", max: 24}, {head: "host", max: 20}, {head: "build", flexible: true}}
	var rows []row
	for _, m := range v.Machines[:min(len(v.Machines), MaxRows)] {
		rows = append(rows, row{cells: []string{numbers(m.Runs), m.System + "/" + m.Architecture, m.Kernel, m.Host, m.Build}})
	}
	p.heading("machines")
	p.table(columns, rows)
	p.more(len(v.Machines)-len(rows), "machines")
	text := Machines(v)
	if text == "" {
		return
	}
	p.line()
	for _, line := range wrap(clean(text), p.width-2) {
		p.line("  ", p.paint(bold, line))
	}
}

// Machines says in sentences what of the machines the differences follow, or that no machines
// were compared, and which runs were taken over; "" where there is nothing to say.
func Machines(v *events.Verdict) string {
	text := followed(v)
	if len(v.Machines) == 1 {
		text = "No two machines were compared: start coordinators on others too."
	}
	if over := takenOver(v.Machines); len(over) > 0 {
		if text != "" {
			text += " "
		}
		text += fmt.Sprintf("Begun on one machine and gone on with on another, so that they stand with both: %s.", runs(over))
	}
	return text
}

// takenOver are the runs that stand with several machines.
func takenOver(machines []events.Machine) (runs []int) {
	seen := make(map[int]int)
	for i := range machines {
		for _, run := range machines[i].Runs {
			if seen[run]++; seen[run] == 2 {
				runs = append(runs, run)
			}
		}
	}
	slices.Sort(runs)
	return runs
}

// properties are what machines differ in, what says most first.
var properties = []struct {
	name string
	of   func(*events.Machine) string
}{
	{"system", func(m *events.Machine) string { return m.System }},
	{"architecture", func(m *events.Machine) string { return m.Architecture }},
	{"kernel", func(m *events.Machine) string { return m.Kernel }},
	{"build", func(m *events.Machine) string { return m.Build }},
	{"host", func(m *events.Machine) string { return m.Host }},
}

// followed says that the groups of equal runs are those of machines, "" where they are not.
// Several properties can tell the same machines apart.
func followed(v *events.Verdict) string {
	group := make(map[int]int) // of plain runs, from 1
	for i := range v.Groups {
		if events.Made(v.RunGroups, v.Groups[i].Runs) < 0 {
			for _, run := range v.Groups[i].Runs {
				group[run] = i + 1
			}
		}
	}
	var text string
	var others []string
	for _, property := range properties {
		here, there := apart(v.Machines, property.of, group)
		switch {
		case len(there) == 0:
		case text == "":
			text = fmt.Sprintf("The difference follows the machines: all runs with %s %s differ from those with %s.", property.name, strings.Join(there, ", "), strings.Join(here, ", "))
		default:
			others = append(others, property.name)
		}
	}
	if len(others) > 0 {
		text += fmt.Sprintf(" The same machines differ in %s.", strings.Join(others, ", "))
	}
	return text
}

// apart returns the values that a property has in the first group of equal runs, and those
// that it has in the others. There are none where runs with one value are not all equal,
// or where all are, or some machine does not say.
func apart(machines []events.Machine, of func(*events.Machine) string, group map[int]int) (here, there []string) {
	in := make(map[string]int) // the group of the runs with a value
	for i := range machines {
		value := of(&machines[i])
		for _, run := range machines[i].Runs {
			g := group[run]
			if g == 0 {
				continue // of no group that is compared here
			}
			before, again := in[value]
			switch {
			case value == "" || again && before != g:
				return nil, nil
			case again:
			case g == 1:
				here = append(here, value)
			default:
				there = append(there, value)
			}
			in[value] = g
		}
	}
	if len(here) == 0 {
		return nil, nil
	}
	slices.Sort(here)
	slices.Sort(there)
	return here, there
}
