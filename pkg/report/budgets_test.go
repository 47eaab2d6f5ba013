package report

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/budgets"
	"abraxas.dev/ers/pkg/events"
)

func number64(n int64) *int64 { return &n }

func budgetsReport() *budgets.Report {
	lanes := func(ops int64) events.Budgets {
		return events.Budgets{Forecast: events.Budget{Ops: ops}, Shadow: events.Budget{Ops: 5, Entropy: 1}}
	}
	return &budgets.Report{Pipeline: "p", Ticks: 9, Compared: 1,
		Budgets: []budgets.Column{{Name: "tight", Window: 1, Outcome: events.Pass, Budget: lanes(40)}, {Name: "nominal", Window: 2, Outcome: events.Pass, Budget: lanes(80)},
			{Name: "broken", Window: 3, Outcome: events.Inconclusive, Budget: lanes(90)}},
		Tasks: []budgets.Row{{Task: "dear", Skipped: []*int64{number64(9), number64(0), nil}}, {Task: "late\x1b[31m", Skipped: []*int64{number64(0), number64(9), nil}}},
		Anomalies: []budgets.Anomaly{{Task: "late\x1b[31m", Smaller: "tight", Larger: "nominal", FirstTick: 3, Ticks: 9, Lacks: []string{"ops", "entropy"},
			UsedBy: []budgets.Use{{Task: "dear", Budget: events.Budget{Ops: 60, Entropy: 1}}}}},
		Unordered: [][2]string{{"tight", "odd"}},
	}
}

func TestBudgetsReport(t *testing.T) {
	const want = `BUDGETS  a task drops out where the budget is larger: late\u001b[31m

  budgets of a tick
    budget   window  verdict       forecast ops  entropy  shadow ops  entropy
    tight         1  pass                    40        0           5        1
    nominal       2  pass                    80        0           5        1
    broken        3  inconclusive            90        0           5        1

  in how many of 9 ticks each task was skipped ( ? its window did not pass )
    task            lane      tight  nominal  broken
    dear            forecast      9        ·       ?
    late\u001b[31m  forecast      ·        9       ?

  where more is worse
  > late\u001b[31m runs at tight and is skipped at nominal, in 9 ticks, the
      first is tick 3: too few ops and entropy left in lane forecast after dear
      (60 ops, 1 entropy), skipped at tight

  NOTE: tight and odd are not compared: each is larger than the other in
    something.
`
	if got := string(AppendBudgets(nil, budgetsReport(), Options{})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if text := string(AppendBudgets(nil, budgetsReport(), Options{Color: true})); !strings.Contains(text, "\x1b[1;33mBUDGETS\x1b[0m") {
		t.Errorf("no colours:\n%s", text)
	}
}

func TestBudgetsHeadlines(t *testing.T) {
	r := budgetsReport()
	r.Anomalies = append(r.Anomalies, budgets.Anomaly{Task: "other", Ticks: 1})
	text := string(AppendBudgets(nil, r, Options{Width: 200}))
	if !strings.HasPrefix(text, "BUDGETS  2 tasks drop out") || !strings.Contains(text, "in tick 0: the record does not show why, run `ers audit`") {
		t.Errorf("two tasks:\n%s", text)
	}
	r.Anomalies = nil
	if text := string(AppendBudgets(nil, r, Options{})); !strings.HasPrefix(text, "BUDGETS  more is never worse") || strings.Contains(text, "where more is worse") {
		t.Errorf("no anomaly:\n%s", text)
	}
	r.Compared = 0
	if text := string(AppendBudgets(nil, r, Options{})); !strings.HasPrefix(text, "BUDGETS  nothing to compare") {
		t.Errorf("nothing compared:\n%s", text)
	}
}
