package pipeline

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// budgetsOf reads budget or budgets; what is left out stays as it is.
func (l *loader) budgetsOf(root *node, f *File) {
	one, several := root.get("budget"), root.get("budgets")
	switch {
	case one != nil && several != nil:
		l.wrong(several, "there are both budget and budgets: keep one")
	case one != nil:
		f.Budget = l.laneBudgets(one, "budget", "")
	case several != nil:
		f.Budgets = l.namedBudgets(several)
	}
}

func (l *loader) namedBudgets(n *node) (list []NamedBudget) {
	if n.kind != canon.Object {
		l.mismatch(n, "budgets", "budgets by names of your own, as in tight: {forecast: {ops: …}, shadow: {ops: …}}")
		return nil
	}
	if len(n.members) == 0 {
		l.wrong(n, "budgets is empty: want at least one, as in tight: {forecast: {ops: …}, shadow: {ops: …}}")
	}
	for _, m := range n.members {
		b := NamedBudget{m.key, l.laneBudgets(m.value, "budget "+m.key, m.key+" ")}
		if err := events.CheckBudgetName(m.key); err != nil {
			l.fail(m.at, "%v", err)
			continue
		}
		list = append(list, b)
	}
	return list
}

// laneBudgets reads what each lane may spend. name stands before what is said of a lane's.
func (l *loader) laneBudgets(n *node, what, name string) (b events.Budgets) {
	l.fields(n, what, "forecast", "shadow")
	const want = "what the lane may spend in a tick: {ops: …, entropy: …}"
	b.Forecast = l.budget(l.need(n, what, "forecast", want), name+"forecast budget", true)
	b.Shadow = l.budget(l.need(n, what, "shadow", want), name+"shadow budget", true)
	return b
}
