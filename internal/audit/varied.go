package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// variations are the names of all of them, in the order of the plan.
var variations = strings.Fields(`tz locale hashseed threads cpus umask home user host path env envsize terminal clock aslr nice stdin gc
	fileorder mtime order alone warm pid`)

// notVaried says which runs do not have the variations that were asked for: by what each
// run's first frame says of what it had around it.
func (j *judgement) notVaried(sealed []int) {
	for _, name := range j.request.asked() {
		missed := notVaried{Name: name}
		for _, run := range sealed {
			why := j.runs[run].missed(name)
			if why == "" {
				continue
			}
			if len(missed.Runs) == 0 {
				missed.Reason = why
			}
			missed.Runs = append(missed.Runs, run)
		}
		if len(missed.Runs) > 0 {
			j.want.NotVaried = append(j.want.NotVaried, missed)
		}
	}
}

// missed is why the run does not have a variation, "" when it has it.
func (r *run) missed(name string) string {
	tree, err := parseJSON(r.around)
	members, _ := tree.(map[string]any)
	if _, said := members["varied"].(map[string]any); err != nil || !said {
		if why := missedReason(members, name); why != "" {
			return why
		}
		return "the run says nothing of what was varied"
	}
	return missedReason(members, name)
}

// maxMissed is the longest reason that a verdict repeats, in bytes.
const maxMissed = 800

func missedReason(members map[string]any, name string) string {
	missed, _ := members["not_varied"].(map[string]any)
	why, _ := missed[name].(string)
	if len(why) > maxMissed {
		return "the reason that the run gives is too long"
	}
	return why
}

// checkPlan tells why the runs cannot have what the request gives them.
func (r *request) checkPlan() error {
	place := map[string]int{} // of each variation, from 1
	for i, name := range variations {
		place[name] = i + 1
	}
	seen := map[string]bool{}
	for _, list := range [][]string{r.Variations, r.Fixed} {
		last := 0
		for _, name := range list {
			if place[name] <= last || seen[name] {
				return fmt.Errorf("the variation %q is none, stands twice, or is not in its place", name)
			}
			last, seen[name] = place[name], true
		}
	}
	if n := len(r.Numbers); n > 0 && (n != r.Runs || r.FirstRun != 0) {
		return fmt.Errorf("%d numbers of runs for %d runs: there must be one for each, and the first must be %d", n, r.Runs, r.FirstRun)
	}
	for _, number := range r.Numbers {
		if number < 0 {
			return fmt.Errorf("a run has number %d", number)
		}
	}
	if p := r.Probe; p != nil && (p.Window == 0 || !isHash(p.Request) || p.Question == "" || len(p.Question) > maxQuestion) {
		return errors.New("the probe names no window, or no question")
	}
	return nil
}

// maxQuestion is the longest question of a probe, in bytes.
const maxQuestion = 400

// asked are all variations that the runs were to have, varied or fixed, in the order of the plan.
func (r *request) asked() (names []string) {
	for _, name := range variations {
		if slices.Contains(r.Variations, name) || slices.Contains(r.Fixed, name) {
			names = append(names, name)
		}
	}
	return names
}
