package report

import (
	"fmt"

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
	columns = append(columns, column{head: "first difference", flexible: true})
	var rows []row
	shown := 0
	groups := inWords(v)
	for shown < len(groups) && len(rows) <= MaxRows {
		alike := groups[shown:]
		alike = alike[:sameKind(alike, shown)]
		rows = append(rows, groupRow(columns, alike, shown))
		shown += len(alike)
	}
	p.heading("groups of equal runs")
	p.table(columns, rows)
	p.more(len(v.Groups)-shown, "groups")
}

// sameKind returns how many groups share one row: those of a single run each that
// first differ at the same place. list begins with group i.
func sameKind(list []events.Group, i int) int {
	n := 1
	for n < len(list) && len(list[0].Runs) == 1 && len(list[n].Runs) == 1 && place(i+n, list[n].Differs) == place(i, list[0].Differs) {
		n++
	}
	return n
}

// groupRow is the row of groups that sameKind counted.
func groupRow(columns []column, list []events.Group, i int) row {
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
		default:
			cells = append(cells, place(i, first.Differs))
		}
	}
	return row{cells: cells}
}

func firstDigits(hash string) string { return hash[:min(len(hash), 8)] }

// place says where group i first differs from the first group.
func place(i int, l *events.Location) string {
	switch {
	case l == nil && i == 0:
		return "(expected)"
	case l == nil:
		return "(not looked up)"
	case l.Pointer == "" || l.Pointer == "/task":
		return fmt.Sprintf("tick %d: %s, %s", l.Tick, l.Task, l.Kind)
	}
	return fmt.Sprintf("tick %d: %s %s", l.Tick, l.Task, l.Pointer)
}
