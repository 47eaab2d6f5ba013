package report

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/budgets"
	"abraxas.dev/ers/pkg/events"
)

// maxTasks is how many tasks the table of [AppendBudgets] lists.
const maxTasks = 100

// AppendBudgets appends the report on several budgets to dst, as [Append] does that on a
// verdict.
func AppendBudgets(dst []byte, r *budgets.Report, o Options) []byte {
	if o.Width == 0 {
		o.Width = 80
	}
	p := &page{dst: dst, width: max(o.Width, 72), color: o.Color}
	p.set(o)
	s, headline := budgetsHeadline(r)
	p.line(p.paint(s, "BUDGETS"), "  ", headline)
	p.budgets(r)
	p.skipped(r)
	p.anomalies(r)
	for _, pair := range r.Unordered {
		p.note(boldYellow, "NOTE:", fmt.Sprintf("%s and %s are not compared: each is larger than the other in something.", clean(pair[0]), clean(pair[1])))
	}
	return p.fold(len(dst))
}

func budgetsHeadline(r *budgets.Report) (style, string) {
	tasks := make(map[string]bool)
	for i := range r.Anomalies {
		tasks[r.Anomalies[i].Task] = true
	}
	switch {
	case r.Compared == 0:
		return boldYellow, "nothing to compare: that takes two windows that passed, one with a larger budget than the other"
	case len(tasks) == 0:
		return boldGreen, "more is never worse: no task drops out where the budget is larger"
	case len(tasks) == 1:
		return boldYellow, "a task drops out where the budget is larger: " + name(r.Anomalies[0].Task)
	}
	return boldYellow, fmt.Sprintf("%d tasks drop out where the budget is larger", len(tasks))
}

// budgets lists the budgets and what became of their windows.
func (p *page) budgets(r *budgets.Report) {
	columns := []column{{head: "budget", flexible: true}, {head: "window", right: true}, {head: "verdict"},
		{head: "forecast ops", right: true}, {head: "entropy", right: true}, {head: "shadow ops", right: true}, {head: "entropy", right: true}}
	var rows []row
	for i := range r.Budgets {
		b := &r.Budgets[i]
		rows = append(rows, row{cells: []string{b.Name, fmt.Sprint(b.Window), string(b.Outcome), fmt.Sprint(b.Budget.Forecast.Ops),
			fmt.Sprint(b.Budget.Forecast.Entropy), fmt.Sprint(b.Budget.Shadow.Ops), fmt.Sprint(b.Budget.Shadow.Entropy)}})
	}
	p.heading("budgets of a tick")
	p.table(columns, rows)
}

// skipped lists in how many ticks each task was skipped.
func (p *page) skipped(r *budgets.Report) {
	if len(r.Tasks) == 0 {
		return
	}
	columns := []column{{head: "task", flexible: true}, {head: "lane"}}
	for i := range r.Budgets {
		columns = append(columns, column{head: clean(r.Budgets[i].Name), right: true})
	}
	var rows []row
	for i := range r.Tasks[:min(len(r.Tasks), maxTasks)] {
		t := &r.Tasks[i]
		cells := []string{t.Task, t.Lane.String()}
		for _, n := range t.Skipped {
			cells = append(cells, count(n))
		}
		rows = append(rows, row{cells: cells})
	}
	heading := fmt.Sprintf("in how many of %s each task was skipped", ticksOf(r.Ticks))
	if slices.Contains(r.Tasks[0].Skipped, nil) {
		heading += " ( ? its window did not pass )"
	}
	p.heading(heading)
	p.table(columns, rows)
	p.more(len(r.Tasks)-len(rows), "tasks")
}

func count(n *int64) string {
	switch {
	case n == nil:
		return "?"
	case *n == 0:
		return "·"
	}
	return fmt.Sprint(*n)
}

func ticksOf(n int64) string {
	if n == 1 {
		return "1 tick"
	}
	return fmt.Sprintf("%d ticks", n)
}

// anomalies lists where more is worse.
func (p *page) anomalies(r *budgets.Report) {
	if len(r.Anomalies) == 0 {
		return
	}
	p.heading("where more is worse")
	list := r.Anomalies[:min(len(r.Anomalies), MaxRows)]
	for i := range list {
		for k, line := range wrap(anomalyText(&list[i]), p.prose()-indent-gap) {
			p.line("  ", p.paint(boldYellow, [...]string{"> ", "  "}[min(k, 1)]), strings.Repeat("  ", min(k, 1)), line)
		}
	}
	p.more(len(r.Anomalies)-len(list), "of them")
}

func anomalyText(a *budgets.Anomaly) string {
	when := fmt.Sprintf("in tick %d", a.FirstTick)
	if a.Ticks > 1 {
		when = fmt.Sprintf("in %d ticks, the first is tick %d", a.Ticks, a.FirstTick)
	}
	text := fmt.Sprintf("%s runs at %s and is skipped at %s, %s: ", name(a.Task), clean(a.Smaller), clean(a.Larger), when)
	if len(a.UsedBy) == 0 {
		return text + "the record does not show why, run `ers audit`"
	}
	var used []string
	for _, u := range a.UsedBy {
		used = append(used, name(u.Task)+" ("+costText(u.Budget)+")")
	}
	return text + fmt.Sprintf("too few %s left in lane %s after %s, skipped at %s", strings.Join(a.Lacks, " and "), a.Lane, strings.Join(used, ", "), clean(a.Smaller))
}

func costText(b events.Budget) string {
	switch {
	case b.Entropy == 0:
		return fmt.Sprintf("%d ops", b.Ops)
	case b.Ops == 0:
		return fmt.Sprintf("%d entropy", b.Entropy)
	}
	return fmt.Sprintf("%d ops, %d entropy", b.Ops, b.Entropy)
}
