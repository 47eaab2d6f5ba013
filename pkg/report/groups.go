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
	columns := []column{{head: "runs", max: 20}, {head: "count", right: true}}
	if byTrace || !byResult {
		columns = append(columns, column{head: "trace", max: 8})
	}
	if !byTrace {
		columns = append(columns, column{head: "result", max: 8})
	}
	columns = append(columns, column{head: "first difference", flexible: true})
	var rows []row
	for i, g := range v.Groups[:min(len(v.Groups), MaxRows+1)] {
		cells := []string{runNumbers(g.Runs), fmt.Sprint(len(g.Runs))}
		for _, c := range columns[2:] {
			switch c.head {
			case "trace":
				cells = append(cells, g.Hash[:min(len(g.Hash), c.max)])
			case "result":
				cells = append(cells, g.ResultHash[:min(len(g.ResultHash), c.max)])
			default:
				cells = append(cells, place(i, g.Differs))
			}
		}
		rows = append(rows, row{cells: cells})
	}
	p.heading("groups of equal runs")
	p.table(columns, rows)
	p.more(len(v.Groups)-len(rows), "groups")
}

// place says where group i first differs from the first group.
func place(i int, l *events.Location) string {
	switch {
	case l == nil && i == 0:
		return "(expected)"
	case l == nil:
		return "(not looked up)"
	}
	switch l.Kind {
	case events.KindMissing, events.KindExtra, events.KindOrder:
		return fmt.Sprintf("tick %d: %s, %s", l.Tick, l.Task, l.Kind)
	}
	return fmt.Sprintf("tick %d: %s %s", l.Tick, l.Task, l.Pointer)
}
