package audit

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// A request as the auditor reads it, with what stands in it.
type (
	budget struct {
		Ops     int64 `json:"ops"`
		Entropy int64 `json:"entropy"`
	}

	budgets struct {
		Forecast budget `json:"forecast"`
		Shadow   budget `json:"shadow"`
	}

	drill struct {
		Run  int    `json:"run"`
		Tick int64  `json:"tick"`
		Task string `json:"task"`
		Kind string `json:"kind"`
	}

	probe struct {
		Window   uint64 `json:"window"`
		Request  string `json:"request_sha256"`
		Question string `json:"question"`
	}

	latch struct {
		Trace      string `json:"trace_sha256"`
		Result     string `json:"result_sha256,omitempty"`
		Definition string `json:"definition_sha256,omitempty"`
	}

	// after is how the streams ended when a request was made.
	after struct {
		Trace         uint64 `json:"trace"`
		Digest        uint64 `json:"digest"`
		Verdict       uint64 `json:"verdict"`
		VerdictSHA256 string `json:"verdict_sha256"`
	}

	runGroup struct {
		Name  string   `json:"name"`
		Runs  []int    `json:"runs"`
		Tasks []string `json:"tasks,omitempty"`
	}

	request struct {
		Schema           string     `json:"schema"`
		Kind             string     `json:"kind"`
		Pipeline         string     `json:"pipeline"`
		DefinitionSHA256 string     `json:"definition_sha256"`
		ContextsSHA256   string     `json:"contexts_sha256"`
		Runs             int        `json:"runs"`
		FirstRun         int64      `json:"first_run,omitempty"`
		Groups           []runGroup `json:"groups,omitempty"`
		Numbers          []int64    `json:"numbers,omitempty"`
		Variations       []string   `json:"variations,omitempty"`
		Fixed            []string   `json:"fixed,omitempty"`
		Spread           bool       `json:"spread,omitempty"`
		FirstTick        int64      `json:"first_tick"`
		Ticks            int64      `json:"ticks"` // 0: open
		Budget           budgets    `json:"budget"`
		BudgetName       string     `json:"budget_name,omitempty"`
		After            after      `json:"after"`
		Latch            *latch     `json:"latch,omitempty"`
		Drill            *drill     `json:"drill,omitempty"`
		Probe            *probe     `json:"probe,omitempty"`
		Reproduce        string     `json:"reproduce,omitempty"`

		sha256 string // of its bytes: with its number it is the window's identity
	}
)

// check tells why a window cannot be as it is requested.
func (r *request) check() error {
	switch {
	case events.CheckPipelineName(r.Pipeline) != nil:
		return events.CheckPipelineName(r.Pipeline)
	case events.CheckKind(r.Kind) != nil:
		return events.CheckKind(r.Kind)
	case r.Runs < events.MinRuns || r.Runs > events.MaxRuns:
		return fmt.Errorf("%d runs, want %d to %d", r.Runs, events.MinRuns, events.MaxRuns)
	case r.Ticks < 0 || min(r.FirstTick, r.FirstRun) < 0 || r.FirstTick+r.Ticks < r.FirstTick || r.FirstRun+int64(r.Runs) < r.FirstRun:
		return fmt.Errorf("%d ticks from tick %d, and runs from run %d", r.Ticks, r.FirstTick, r.FirstRun)
	case !isHash(r.DefinitionSHA256) || !isHash(r.ContextsSHA256):
		return errors.New("the definition or the contexts are not named by a SHA-256 in lower-case hex")
	case min(r.Budget.Forecast.Ops, r.Budget.Forecast.Entropy, r.Budget.Shadow.Ops, r.Budget.Shadow.Entropy) < 0:
		return errors.New("a budget is negative")
	case r.BudgetName != "" && events.CheckBudgetName(r.BudgetName) != nil:
		return events.CheckBudgetName(r.BudgetName)
	case (r.After.Verdict == 0) != (r.After.VerdictSHA256 == "") || r.After.Verdict > 0 && !isHash(r.After.VerdictSHA256):
		return errors.New("of the last verdict before it, it names the number or the SHA-256 alone")
	}
	if l := r.Latch; l != nil && (!isHash(l.Trace) || l.Result != "" && !isHash(l.Result) || l.Definition != "" && !isHash(l.Definition)) {
		return errors.New("the latch is not made of SHA-256 in lower-case hex")
	}
	if d := r.Drill; d != nil && (d.Run < 0 || d.Run >= r.Runs || d.Tick < r.FirstTick || r.Ticks > 0 && d.Tick-r.FirstTick >= r.Ticks) {
		return fmt.Errorf("it has no run %d or no tick %d for its drill", d.Run, d.Tick)
	}
	if err := r.checkPlan(); err != nil {
		return err
	}
	seen := map[int]bool{}
	for _, g := range r.Groups {
		for _, run := range g.Runs {
			if run < r.Runs-r.special() || run >= r.Runs || seen[run] {
				return fmt.Errorf("run %d is in two groups, is none of the window's, or comes before a plain one", run)
			}
			seen[run] = true
		}
		if g.Name == shadowOff && len(g.Tasks) == 0 {
			return errors.New("a group of runs without the shadow lane names no task")
		}
	}
	if special := r.special(); special > 0 && r.Runs-special < events.MinRuns {
		return fmt.Errorf("%d runs are in no group, want %d", r.Runs-special, events.MinRuns)
	}
	return nil
}

// caseOf is the SHA-256 of what windows share that can be compared.
func (r *request) caseOf() string {
	tree, err := treeOf(map[string]any{"budget": r.Budget, "contexts_sha256": r.ContextsSHA256, "definition_sha256": r.DefinitionSHA256,
		"first_tick": r.FirstTick, "ticks": r.Ticks})
	if err != nil {
		panic("audit: a request that was read cannot be written: " + err.Error())
	}
	return shaOf(appendTree(nil, tree))
}
