package audit

// notVaried says which runs do not have the variations that were asked for: by what each
// run's first frame says of what it had around it.
func (j *judgement) notVaried(sealed []int) {
	for _, name := range j.want.Variations {
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
