package pipeline

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

const severalBudgets = `name: p
budgets:
  tight: {forecast: {ops: 1}, shadow: {ops: 2}}
  generous: {forecast: {ops: 10, entropy: 3}, shadow: {ops: 20, entropy: 4}}
`

func TestSeveralBudgets(t *testing.T) {
	f := mustLoad(t, severalBudgets+tasks)
	generous := events.Budgets{Forecast: events.Budget{Ops: 10, Entropy: 3}, Shadow: events.Budget{Ops: 20, Entropy: 4}}
	windows := f.Each()
	if len(windows) != 2 || windows[0].BudgetName != "tight" || windows[1].BudgetName != "generous" || windows[1].Budget != generous {
		t.Fatalf("windows %+v", windows)
	}
	for _, one := range windows {
		if err := one.One(); err != nil || len(one.Each()) != 1 {
			t.Errorf("%s: %v", one.BudgetName, err)
		}
	}
	tight, wide := windows[0].Request(), windows[1].Request()
	if tight.Case() == wide.Case() || windows[0].Definition.SHA256() != windows[1].Definition.SHA256() {
		t.Error("budgets are of the request, and not of the definition")
	}
	if err := f.One(); err == nil || !strings.Contains(err.Error(), "the budgets tight, generous: choose one") {
		t.Errorf("no window is chosen: %v", err)
	}
	one, err := f.Choose("generous")
	if err != nil || one.Request().BudgetName != "generous" || one.Request().Budget != generous {
		t.Errorf("%+v, %v", one, err)
	}
	for name, want := range map[string]string{"other": "want one of tight, generous", "": "want one of tight, generous"} {
		if _, err := f.Choose(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := mustLoad(t, good+tasks).Choose("tight"); err == nil || !strings.Contains(err.Error(), "one budget, without a name") {
		t.Errorf("a budget of a pipeline that has none by name: %v", err)
	}
}

// The file of a program in Go gives several budgets in place of the program's one.
func TestOwnSeveralBudgets(t *testing.T) {
	f, err := loadOwn(t, ownPipeline(t, false), strings.TrimPrefix(severalBudgets, "name: p\n"))
	if err != nil || len(f.Each()) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

// A budget that is set in code is checked as one in a file.
func TestCheckBudgets(t *testing.T) {
	f := mustLoad(t, severalBudgets+tasks)
	f.Budgets[1].Shadow.Ops = -1
	if err := f.Check(); err == nil || !strings.Contains(err.Error(), "ops of the generous shadow budget is -1") {
		t.Errorf("%v", err)
	}
}
