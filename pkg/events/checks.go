package events

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/vary"
)

// The checks that the types of the documents do not make. They keep a reader from
// acting on a document that cannot be true.

func (*WindowRequest) schema() string { return WindowSchema }
func (*Digest) schema() string        { return DigestSchema }
func (*Verdict) schema() string       { return VerdictSchema }

// MinRuns is the fewest runs that can be compared.
const MinRuns = 2

func (r *WindowRequest) check() error {
	if err := CheckPipelineName(r.Pipeline); err != nil {
		return fmt.Errorf("/pipeline: %w", err)
	}
	if err := CheckKind(r.Kind); err != nil {
		return fmt.Errorf("/kind: %w", err)
	}
	if err := checkHashes("/definition_sha256", r.DefinitionSHA256, "/contexts_sha256", r.ContextsSHA256); err != nil {
		return err
	}
	switch {
	case r.Runs < MinRuns || r.Runs > MaxRuns:
		return fmt.Errorf("/runs: %d is out of range: want %d to %d", r.Runs, MinRuns, MaxRuns)
	case r.FirstTick < 0:
		return fmt.Errorf("/first_tick: %d is negative", r.FirstTick)
	case r.FirstRun < 0 || r.FirstRun > math.MaxInt64-int64(r.Runs):
		return fmt.Errorf("/first_run: %d runs from run %d are out of range", r.Runs, r.FirstRun)
	case r.Ticks < 0 || r.FirstTick > math.MaxInt64-r.Ticks:
		return fmt.Errorf("/ticks: %d ticks from tick %d are out of range: want at least 1, or 0 for an open run", r.Ticks, r.FirstTick)
	case min(r.Budget.Forecast.Ops, r.Budget.Forecast.Entropy, r.Budget.Shadow.Ops, r.Budget.Shadow.Entropy) < 0:
		return errors.New("/budget: a budget is negative")
	}
	if r.BudgetName != "" {
		if err := CheckBudgetName(r.BudgetName); err != nil {
			return fmt.Errorf("/budget_name: %w", err)
		}
	}
	if len(r.Reproduce) > MaxReproduce {
		return fmt.Errorf("/reproduce: %d bytes: at most %d fit in a verdict", len(r.Reproduce), MaxReproduce)
	}
	if err := r.checkGroups(); err != nil {
		return err
	}
	if err := r.checkPlan(); err != nil {
		return err
	}
	if err := r.After.check(); err != nil {
		return err
	}
	if r.Latch != nil {
		if err := r.Latch.check(); err != nil {
			return err
		}
	}
	if r.Probe != nil {
		if err := r.Probe.check(); err != nil {
			return err
		}
	}
	if r.Drill != nil {
		return r.Drill.Check(r)
	}
	return nil
}

// checkPlan checks what is varied in which run.
func (r *WindowRequest) checkPlan() error {
	if err := vary.Check(r.Variations); err != nil {
		return fmt.Errorf("/variations: %w", err)
	}
	if err := vary.Check(r.Fixed); err != nil {
		return fmt.Errorf("/fixed: %w", err)
	}
	for _, name := range r.Fixed {
		if slices.Contains(r.Variations, name) {
			return fmt.Errorf("/fixed: %q is varied too", name)
		}
	}
	switch {
	case len(r.Numbers) == 0:
		return nil
	case len(r.Numbers) != r.Runs || r.FirstRun != 0:
		return fmt.Errorf("/numbers: %d for %d runs: want one for each, and no first_run", len(r.Numbers), r.Runs)
	case slices.Min(r.Numbers) < 0:
		return errors.New("/numbers: one is negative")
	}
	return nil
}

func (p *Probe) check() error {
	if p.Window == 0 || p.Question == "" || len(p.Question) > MaxQuestion {
		return fmt.Errorf("/probe: of window %d with a question of %d bytes: want a window, and 1 to %d bytes", p.Window, len(p.Question), MaxQuestion)
	}
	return checkHashes("/probe/request_sha256", p.Request)
}

func (r *WindowRequest) checkGroups() error {
	if plain := r.Plain(); len(r.Groups) > 0 && plain < MinRuns {
		return fmt.Errorf("/groups: %d runs are in none of them: want at least %d", plain, MinRuns)
	}
	seen := make(map[int]bool)
	for i, g := range r.Groups {
		if g.Name == "" || len(g.Name) > MaxPipelineName || len(g.Runs) == 0 || !slices.IsSorted(g.Runs) {
			return fmt.Errorf("/groups/%d: want a name of at most %d bytes, and runs in ascending order", i, MaxPipelineName)
		}
		for _, run := range g.Runs {
			if run < r.Plain() || run >= r.Runs || seen[run] {
				return fmt.Errorf("/groups/%d/runs: run %d is in two groups, is none of the window's, or comes before a plain one", i, run)
			}
			seen[run] = true
		}
		if g.Name == ShadowOff && len(g.Tasks) == 0 {
			return fmt.Errorf("/groups/%d/tasks: no task is off", i)
		}
		for k, task := range g.Tasks {
			if task == "" || len(task) > MaxDescription || k > 0 && task <= g.Tasks[k-1] {
				return fmt.Errorf("/groups/%d/tasks/%d: want names in ascending order, none twice", i, k)
			}
		}
	}
	return nil
}

func (a *After) check() error {
	if (a.Verdict == 0) != (a.VerdictSHA256 == "") {
		return fmt.Errorf("/after: the last verdict is %d with SHA-256 %.80q: both, or neither", a.Verdict, a.VerdictSHA256)
	}
	if a.Verdict == 0 {
		return nil
	}
	return checkHashes("/after/verdict_sha256", a.VerdictSHA256)
}

func (l *Latch) check() error {
	if err := checkHashes("/latch/trace_sha256", l.Trace); err != nil {
		return err
	}
	for name, hash := range map[string]string{"result": l.Result, "definition": l.Definition} {
		if hash != "" && !IsHash(hash) {
			return checkHashes("/latch/"+name+"_sha256", hash)
		}
	}
	return nil
}

// Check tells whether a window has the run and the tick that a drill falsifies.
func (d *Drill) Check(r *WindowRequest) error {
	switch {
	case d.Run < 0 || d.Run >= r.Runs:
		return fmt.Errorf("/drill/run: the window has runs 0 to %d, not %d", r.Runs-1, d.Run)
	case d.Tick < r.FirstTick || r.Ticks > 0 && d.Tick >= r.FirstTick+r.Ticks:
		return fmt.Errorf("/drill/tick: the window has ticks %d to %d, not %d", r.FirstTick, r.FirstTick+r.Ticks-1, d.Tick)
	case d.Task == "":
		return errors.New("/drill/task: empty")
	case len(d.Task) > MaxDescription:
		return fmt.Errorf("/drill/task: %d bytes: no task has a name of more than %d", len(d.Task), MaxDescription)
	case !slices.Contains(DrillKinds, d.Kind):
		return fmt.Errorf("/drill/kind: unknown kind %q: want one of %v", d.Kind, DrillKinds)
	}
	return nil
}

func (d *Digest) check() error {
	if d.Scheme != canon.Scheme {
		return fmt.Errorf("/scheme: %w %q: this reader knows %s", ErrSchema, d.Scheme, canon.Scheme)
	}
	p := Position{Request: d.Request, RunKey: d.RunKey(), FirstTick: d.FirstTick, Ticks: d.Ticks, Tick: d.FirstTick}
	if err := p.check(); err != nil {
		return err
	}
	if d.Done < int64(len(d.Covers)) || d.Ticks > 0 && d.Done > d.Ticks || d.Events < 0 {
		return fmt.Errorf("/done: %d ticks done with %d in this digest and %d in the run", d.Done, len(d.Covers), d.Ticks)
	}
	if len(d.Open) > MaxOpen {
		return fmt.Errorf("/open: %d ticks: at most %d", len(d.Open), MaxOpen)
	}
	for i, t := range d.Covers {
		if want := d.FirstTick + d.Done - int64(len(d.Covers)) + int64(i); t.Tick != want {
			return fmt.Errorf("/covers/%d/tick: %d where %d belongs", i, t.Tick, want)
		}
		if t.Events < 0 || t.FirstSeq > t.LastSeq {
			return fmt.Errorf("/covers/%d: %d events at sequences %d to %d", i, t.Events, t.FirstSeq, t.LastSeq)
		}
		if err := t.Hashes.check(fmt.Sprintf("/covers/%d", i)); err != nil {
			return err
		}
	}
	switch {
	case d.Sealed() && d.Done != d.Ticks && (d.Ticks > 0 || d.Done == 0):
		return fmt.Errorf("/final: sealed after %d of %d ticks", d.Done, d.Ticks)
	case (d.Problem != nil || d.Difference != nil) && !d.Final:
		return errors.New("/final: false, with a problem or a difference, after which nothing comes")
	case d.Problem != nil && d.Difference != nil:
		return errors.New("/difference: beside a problem: a run ends with one of them")
	case d.Difference != nil:
		if err := d.Difference.check(); err != nil {
			return err
		}
	}
	return d.Hashes.check("")
}

func (h *Hashes) check(path string) error {
	return checkHashes(path+"/trace_sha256", h.Trace, path+"/result_sha256", h.Result, path+"/forecast_sha256", h.Forecast,
		path+"/forecast_result_sha256", h.ForecastResult)
}

func (v *Verdict) check() error {
	if v.Scheme != canon.Scheme {
		return fmt.Errorf("/scheme: %w %q: this reader knows %s", ErrSchema, v.Scheme, canon.Scheme)
	}
	switch {
	case v.Outcome != Pass && v.Outcome != Fail && v.Outcome != Inconclusive:
		return fmt.Errorf("/outcome: unknown outcome %q", v.Outcome)
	case (v.Outcome == Fail) != (v.Divergence != nil):
		return fmt.Errorf("/divergence: belongs to a verdict that fails, this one is %s", v.Outcome)
	case v.Outcome == Inconclusive && len(v.Problems) == 0 || v.Outcome == Pass && len(v.Problems) > 0:
		return fmt.Errorf("/problems: %d in a verdict that is %s", len(v.Problems), v.Outcome)
	case (v.Excludes != nil) != (v.Outcome == Pass && v.Drill == nil && v.Probe == nil):
		return fmt.Errorf("/excludes: belongs to a verdict that passes and is neither a drill nor a probe; this one is %s", v.Outcome)
	case v.Excludes != nil && (v.Excludes.OneIn < 2 || v.Excludes.Percent < 1 || v.Excludes.Percent > 100):
		return fmt.Errorf("/excludes: a difference in 1 of %d runs with %d %% cannot be", v.Excludes.OneIn, v.Excludes.Percent)
	case v.Empty != "" && (v.Outcome != Pass || v.Empty != EmptySkipped && v.Empty != EmptyFailed):
		return fmt.Errorf("/empty: %.40q in a verdict that is %s", v.Empty, v.Outcome)
	case v.Window == 0 || CheckPipelineName(v.Pipeline) != nil || CheckKind(v.Kind) != nil:
		return fmt.Errorf("/window: window %d of pipeline %.80q, kind %.40q, cannot be", v.Window, v.Pipeline, v.Kind)
	case v.Runs < MinRuns || len(v.Hashes) != v.Runs || len(v.ResultHashes) != v.Runs:
		return fmt.Errorf("/hashes: %d and %d for %d runs", len(v.Hashes), len(v.ResultHashes), v.Runs)
	}
	if err := v.checkMachines(); err != nil {
		return err
	}
	return checkHashes("/request", v.Request, "/case", v.Case)
}

// checkHashes takes pairs of a pointer and a hash.
func checkHashes(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if !IsHash(pairs[i+1]) {
			return fmt.Errorf("%s: %.80q is not a SHA-256 in 64 lower-case hex digits", pairs[i], pairs[i+1])
		}
	}
	return nil
}

// IsHash tells whether s is a SHA-256 as documents spell it: 64 lower-case hex digits.
func IsHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
