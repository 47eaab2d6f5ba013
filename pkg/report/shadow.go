package report

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// tasksOff says what the runs of a group were made without.
func tasksOff(v *events.Verdict, group int) string {
	tasks, all := v.RunGroups[group].Tasks, 0
	for _, g := range v.RunGroups {
		all = max(all, len(g.Tasks))
	}
	switch {
	case len(tasks) == 1:
		return "the shadow task " + name(tasks[0])
	case len(tasks) == all:
		return fmt.Sprintf("all %d shadow tasks", all)
	}
	return fmt.Sprintf("%d of %d shadow tasks", len(tasks), all)
}

// groupOf are the runs that are equal to a run.
func groupOf(v *events.Verdict, run int) []int {
	for _, g := range v.Groups {
		if slices.Contains(g.Runs, run) {
			return g.Runs
		}
	}
	return []int{run}
}

// runsText says how many runs a window has.
func runsText(v *events.Verdict) string {
	if len(v.RunGroups) == 0 {
		return fmt.Sprintf("%d runs", v.Runs)
	}
	return fmt.Sprintf("%d + %d shadow-off runs", v.Plain(), v.Runs-v.Plain())
}

// Interference says which task of the shadow lane reaches the forecast lane; "": none does.
func Interference(v *events.Verdict) string {
	d := v.Divergence
	if d == nil || d.Kind != events.KindInterference {
		return ""
	}
	text := "what the shadow lane does reaches the forecast lane by a way outside of both: a file, a variable, a lock, the machine's load. "
	if d.Shadow != "" {
		return text + fmt.Sprintf("The difference goes with %s: it is there in all runs with that task, and in none without it.", name(d.Shadow))
	}
	return text + "No single task of it goes with the difference: it takes several, or more than one does it."
}

// shadow says what the runs without shadow tasks have shown.
func (p *page) shadow(v *events.Verdict) {
	if text := Interference(v); text != "" {
		p.note(boldYellow, "SHADOW:", text)
	}
}
