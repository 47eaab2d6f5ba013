package report

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// groups lists the groups of equal runs. One column of hashes is enough when it
// tells all groups apart.
func (p *page) groups(v *events.Verdict) {
	if len(v.Groups) < 2 {
		return
	}
	traces, results := make(map[string]bool), make(map[string]bool)
	for _, g := range v.Groups {
		traces[g.Hash], results[g.ResultHash] = true, true
	}
	byTrace, byResult := len(traces) == len(v.Groups), len(results) == len(v.Groups)
	columns := []column{{head: "runs", max: 26}, {head: "count", right: true}}
	if byTrace || !byResult {
		columns = append(columns, column{head: "trace", max: 8})
	}
	if !byTrace {
		columns = append(columns, column{head: "result", max: 8})
	}
	if len(v.RunGroups) > 0 {
		columns = append(columns, column{head: "without", max: 30})
	}
	columns = append(columns, column{head: "first difference", flexible: true})
	var rows []row
	shown := 0
	groups := inWords(v)
	for shown < len(groups) && len(rows) <= MaxRows {
		alike := groups[shown:]
		alike = alike[:sameKind(v, alike, shown)]
		rows = append(rows, groupRow(v, columns, alike, shown))
		shown += len(alike)
	}
	p.heading("groups of equal runs")
	p.table(columns, rows)
	p.more(len(v.Groups)-shown, "groups")
}

// sameKind returns how many groups share one row: those of a single run each that
// first differ at the same place. list begins with group i.
func sameKind(v *events.Verdict, list []events.Group, i int) int {
	n := 1
	for n < len(list) && len(list[0].Runs) == 1 && len(list[n].Runs) == 1 && place(v, i+n, &list[n]) == place(v, i, &list[0]) && without(v, &list[n]) == without(v, &list[0]) {
		n++
	}
	return n
}

// groupRow is the row of groups that sameKind counted.
func groupRow(v *events.Verdict, columns []column, list []events.Group, i int) row {
	first := list[0]
	members, count := first.Runs, fmt.Sprint(len(first.Runs))
	if len(list) > 1 {
		count = "1 each"
		first.Hash, first.ResultHash = "…", "…"
		members = nil
		for _, g := range list {
			members = append(members, g.Runs...)
		}
	}
	cells := []string{numbers(members), count}
	for _, c := range columns[2:] {
		switch c.head {
		case "trace":
			cells = append(cells, firstDigits(first.Hash))
		case "result":
			cells = append(cells, firstDigits(first.ResultHash))
		case "without":
			cells = append(cells, without(v, &first))
		default:
			cells = append(cells, place(v, i, &first))
		}
	}
	return row{cells: cells}
}

func firstDigits(hash string) string { return hash[:min(len(hash), 8)] }

// without says what the runs of a group were made without.
func without(v *events.Verdict, g *events.Group) string {
	if made := events.Made(v.RunGroups, g.Runs); made >= 0 {
		return tasksOff(v, made)
	}
	return ""
}

// place says where group i first differs from the first group.
func place(v *events.Verdict, i int, g *events.Group) string {
	l := g.Differs
	switch {
	case l == nil && i > 0 && events.Made(v.RunGroups, g.Runs) >= 0 && !slices.Contains(v.Outliers, g.Runs[0]):
		return "(the same forecast lane)"
	case l == nil && i == 0:
		return "(expected)"
	case l == nil:
		return "(not looked up)"
	case l.Pointer == "" || l.Pointer == "/task":
		return fmt.Sprintf("tick %d: %s, %s", l.Tick, l.Task, l.Kind)
	}
	return fmt.Sprintf("tick %d: %s %s", l.Tick, l.Task, l.Pointer)
}
