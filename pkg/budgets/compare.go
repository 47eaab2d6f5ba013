package budgets

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// Window is one of the windows that are compared.
type Window struct {
	Number  uint64
	Request *events.WindowRequest // with the budget and its name
	Outcome events.Outcome
}

// Passed tells whether the window is compared: its runs are equal, and one stands for all.
func (w *Window) Passed() bool { return w.Outcome == events.Pass }

// Comparison is a comparison in the making.
type Comparison struct {
	windows   []Window
	pairs     []pair
	report    Report
	anomalies map[anomalyKey]int // where they are in the report
}

// pair are two windows that passed, of which the second has the larger budget.
type pair struct{ smaller, larger int }

type anomalyKey struct {
	task int
	pair
}

// New begins to compare windows, that must differ in their budgets alone.
func New(windows []Window) (*Comparison, error) {
	if len(windows) < 2 {
		return nil, fmt.Errorf("%d windows: at least two have budgets that can be compared", len(windows))
	}
	first := windows[0].Request
	c := &Comparison{windows: windows, anomalies: make(map[anomalyKey]int), report: Report{Schema: Schema,
		Pipeline: first.Pipeline, DefinitionSHA256: first.DefinitionSHA256, ContextsSHA256: first.ContextsSHA256,
		FirstTick: first.FirstTick, Ticks: first.Ticks, Tasks: []Row{}, Anomalies: []Anomaly{}, Unordered: [][2]string{}}}
	for i := range windows {
		w := &windows[i]
		if err := alike(&windows[0], w); err != nil {
			return nil, err
		}
		c.report.Budgets = append(c.report.Budgets, Column{w.Request.BudgetName, w.Number, w.Outcome, w.Request.Budget})
		for k := range i {
			c.order(k, i)
		}
	}
	return c, nil
}

// alike tells why two windows cannot be compared.
func alike(a, b *Window) error {
	x, y := *a.Request, b.Request
	what := ""
	switch {
	case y.BudgetName == "":
		return fmt.Errorf("window %d is of a budget without a name: it is none of several of its pipeline", b.Number)
	case x.Pipeline != y.Pipeline:
		what = "pipeline"
	case x.DefinitionSHA256 != y.DefinitionSHA256:
		what = "definition"
	case x.ContextsSHA256 != y.ContextsSHA256:
		what = "contexts"
	case x.FirstTick != y.FirstTick || x.Ticks != y.Ticks:
		what = "ticks"
	default:
		return nil
	}
	return fmt.Errorf("windows %d and %d have another %s: budgets are compared where all else is the same", a.Number, b.Number, what)
}

// order finds out which of two windows has the larger budget.
func (c *Comparison) order(a, b int) {
	x, y := &c.windows[a], &c.windows[b]
	if !x.Passed() || !y.Passed() || x.Request.Budget == y.Request.Budget {
		return
	}
	switch {
	case covers(&y.Request.Budget, &x.Request.Budget):
		c.pairs = append(c.pairs, pair{a, b})
	case covers(&x.Request.Budget, &y.Request.Budget):
		c.pairs = append(c.pairs, pair{b, a})
	default:
		c.report.Unordered = append(c.report.Unordered, [2]string{x.Request.BudgetName, y.Request.BudgetName})
	}
}

// covers tells whether a budget is at least as large as another in all that lanes spend.
func covers(large, small *events.Budgets) bool {
	return large.Forecast.Ops >= small.Forecast.Ops && large.Forecast.Entropy >= small.Forecast.Entropy &&
		large.Shadow.Ops >= small.Shadow.Ops && large.Shadow.Entropy >= small.Shadow.Entropy
}

// Add takes the next tick of a run of each window: nil for one that did not pass.
func (c *Comparison) Add(ticks []*events.Tick) error {
	var first *events.Tick
	for i, t := range ticks {
		if c.windows[i].Passed() != (t != nil) {
			return fmt.Errorf("window %d is %s: a tick of it is wanted when it is a pass, and none else", c.windows[i].Number, c.windows[i].Outcome)
		}
		if t == nil {
			continue
		}
		if first == nil {
			first = t
			c.rows(t)
		}
		if err := c.matches(t, first.Tick); err != nil {
			return fmt.Errorf("window %d: %w", c.windows[i].Number, err)
		}
		for k := range t.Events {
			if t.Events[k].Status == events.SkippedBudget {
				*c.report.Tasks[k].Skipped[i]++
			}
		}
	}
	for _, p := range c.pairs {
		c.look(p, ticks[p.smaller], ticks[p.larger])
	}
	return nil
}

// rows makes a row for each task, of the first tick that there is.
func (c *Comparison) rows(t *events.Tick) {
	if len(c.report.Tasks) > 0 {
		return
	}
	for i := range t.Events {
		r := Row{t.Events[i].Task, t.Events[i].Lane, make([]*int64, len(c.windows))}
		for k := range c.windows {
			if c.windows[k].Passed() {
				r.Skipped[k] = new(int64)
			}
		}
		c.report.Tasks = append(c.report.Tasks, r)
	}
}

// matches makes sure that a tick has the tasks of the first one, in their order: each task
// has its turn in each tick, whatever the budget.
func (c *Comparison) matches(t *events.Tick, tick int64) error {
	if t.Tick != tick || len(t.Events) != len(c.report.Tasks) {
		return fmt.Errorf("tick %d has %d events, where tick %d with %d belongs", t.Tick, len(t.Events), tick, len(c.report.Tasks))
	}
	for i := range t.Events {
		if e, row := &t.Events[i], &c.report.Tasks[i]; e.Task != row.Task || e.Lane != row.Lane {
			return fmt.Errorf("event %d of tick %d is of task %q, where %q belongs", i, t.Tick, e.Task, row.Task)
		}
	}
	return nil
}

// look finds the tasks that ran in the tick of the smaller budget and were skipped in that
// of the larger.
func (c *Comparison) look(p pair, small, large *events.Tick) {
	left := c.windows[p.larger].Request.Budget
	for i := range large.Events {
		e := &large.Events[i]
		lane := &left.Forecast
		if e.Lane == events.Shadow {
			lane = &left.Shadow
		}
		switch {
		case e.Status.Attempted():
			lane.Ops -= e.CostOps
			lane.Entropy -= e.CostEntropy
		case small.Events[i].Status.Attempted():
			c.found(anomalyKey{i, p}, small, large, *lane)
		}
	}
}

// found counts a task that dropped out, with what its lane had left.
func (c *Comparison) found(key anomalyKey, small, large *events.Tick, left events.Budget) {
	if at, known := c.anomalies[key]; known {
		c.report.Anomalies[at].Ticks++
		return
	}
	e := &large.Events[key.task]
	a := Anomaly{Task: e.Task, Lane: e.Lane, FirstTick: large.Tick, Ticks: 1, Lacks: []string{}, UsedBy: []Use{},
		Smaller: c.windows[key.smaller].Request.BudgetName, Larger: c.windows[key.larger].Request.BudgetName}
	ops, entropy := e.CostOps > left.Ops, e.CostEntropy > left.Entropy
	if ops {
		a.Lacks = append(a.Lacks, "ops")
	}
	if entropy {
		a.Lacks = append(a.Lacks, "entropy")
	}
	for i := range key.task {
		before := &large.Events[i]
		if before.Lane == e.Lane && before.Status.Attempted() && !small.Events[i].Status.Attempted() &&
			(ops && before.CostOps > 0 || entropy && before.CostEntropy > 0) {
			a.UsedBy = append(a.UsedBy, Use{before.Task, events.Budget{Ops: before.CostOps, Entropy: before.CostEntropy}})
		}
	}
	c.anomalies[key] = len(c.report.Anomalies)
	c.report.Anomalies = append(c.report.Anomalies, a)
}

// Report returns what was found so far.
func (c *Comparison) Report() *Report {
	c.report.Compared = len(c.pairs)
	return &c.report
}
