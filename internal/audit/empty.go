package audit

import "fmt"

// looked is in how many ticks of a run a task is looked for that ended ok.
const looked = 1000

// ends tells how tasks ended: whether one was ok, and whether one that had its turn was not.
type ends struct{ ok, failed bool }

func (e *ends) add(status string) {
	switch status {
	case "ok":
		e.ok = true
	case "skipped_budget":
	default:
		e.failed = true
	}
}

// empty is what a verdict says of equal runs in which no task ended ok.
func (e ends) empty() string {
	switch {
	case e.ok:
		return ""
	case e.failed:
		return "failed"
	}
	return "skipped"
}

// emptied is the same in words.
func (v *verdict) emptied() string {
	where := ""
	if v.Ticks == 0 || v.Ticks > looked { // 0: open
		where = fmt.Sprintf(" in the first %d ticks", looked)
	}
	switch v.Empty {
	case "skipped":
		return "no task ran" + where + ", each was skipped for its budget: "
	case "failed":
		return "no task ended ok" + where + ", each that ran failed: "
	}
	return ""
}
