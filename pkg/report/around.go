package report

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// eventsAround shows the events before and after a difference, as a diff between
// the two sides.
func (p *page) eventsAround(d *events.Divergence) {
	rows := slices.Concat(numberBefore(d), merge(number(d, &d.Expected), number(d, &d.Found)))
	if len(rows) == 0 { // of a latch, or of what a run met by itself
		return
	}
	legend := "events around it ( - expected, + found )"
	if slices.ContainsFunc(rows, func(r row) bool { return r.mark == ">" }) {
		legend = "events around it ( > differs as shown above )"
	}
	p.heading(legend)
	p.table([]column{
		{head: "tick", right: true}, {head: "event", right: true}, {head: "task", flexible: true}, {head: "lane"}, {head: "status"},
		{head: "ops", right: true}, {head: "entropy", right: true},
	}, rows)
}

func eventRow(e *events.TraceEvent, index string) row {
	return row{cells: []string{fmt.Sprint(e.Tick), index, e.Task, e.Lane.String(), e.Status.String(), fmt.Sprint(e.CostOps), fmt.Sprint(e.CostEntropy)}}
}

// numberBefore lists the events before the difference. How many events the tick
// before had is not in the verdict, so those have no index.
func numberBefore(d *events.Divergence) (rows []row) {
	for i := range d.Before {
		e := &d.Before[i]
		index := ""
		if n := d.EventIndex - len(d.Before) + i; e.Tick == d.Tick && n >= 0 {
			index = fmt.Sprint(n)
		}
		rows = append(rows, eventRow(e, index))
	}
	return rows
}

// number lists what a side has from the difference on.
func number(d *events.Divergence, s *events.Side) (rows []row) {
	list := s.After
	if s.Event != nil {
		list = slices.Concat([]events.TraceEvent{*s.Event}, list)
	}
	tick, index := d.Tick, d.EventIndex
	for i := range list {
		if e := &list[i]; e.Tick != tick {
			tick, index = e.Tick, 0
		}
		rows = append(rows, eventRow(&list[i], fmt.Sprint(index)))
		index++
	}
	return rows
}

// merge joins two lists into one, common rows once. The event that differs is common
// when it differs in nothing that a row shows.
func merge(expected, found []row) (rows []row) {
	common := longestCommon(expected, found)
	for i, k := 0, 0; i < len(expected) || k < len(found); {
		switch {
		case i < len(expected) && k < len(found) && sameRow(expected[i], found[k]):
			r := expected[i]
			if i == 0 && k == 0 {
				r.mark, r.style = ">", bold
			}
			rows = append(rows, r)
			i, k = i+1, k+1
		case k == len(found) || i < len(expected) && common[i+1][k] >= common[i][k+1]:
			rows = append(rows, signed(expected[i], "-", green))
			i++
		default:
			rows = append(rows, signed(found[k], "+", red))
			k++
		}
	}
	return trim(rows)
}

// trim takes rows of one side off the end: what the other side has there is only out
// of sight. The first difference is never taken off.
func trim(rows []row) []row {
	end := len(rows)
	for end > 0 && rows[end-1].mark != "" && rows[end-1].mark == rows[len(rows)-1].mark {
		end--
	}
	if end == 0 || rows[end-1].mark != "" {
		return rows
	}
	return rows[:end]
}

func signed(r row, mark string, s style) row {
	r.mark, r.style = mark, s
	return r
}

// sameRow compares all but the index, which an event before it may have moved.
func sameRow(a, b row) bool {
	return a.cells[0] == b.cells[0] && slices.Equal(a.cells[2:], b.cells[2:])
}

// longestCommon returns, for each i and k, how many rows a[i:] and b[k:] have in
// common, in order.
func longestCommon(a, b []row) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for k := len(b) - 1; k >= 0; k-- {
			n[i][k] = max(n[i+1][k], n[i][k+1])
			if sameRow(a[i], b[k]) {
				n[i][k] = n[i+1][k+1] + 1
			}
		}
	}
	return n
}
