package page

import (
	"slices"

	"abraxas.dev/ers/pkg/vary"
)

// variation is what became of one of a window's variations.
type variation struct {
	Name   vary.Name `json:"name"`
	Runs   []int     `json:"runs"`             // in which it is varied
	Missed []int     `json:"missed,omitempty"` // that do not have it as they should
	Reason string    `json:"reason,omitempty"` // why, in the first of these
}

// variations lists what is varied in which runs, by the plan and by what the runs say of
// themselves.
func (w *window) variations() (list []variation) {
	for _, name := range w.request.Variations {
		v := variation{Name: name, Runs: []int{}}
		if w.verdict != nil {
			for _, n := range w.verdict.NotVaried {
				if n.Name == name {
					v.Missed, v.Reason = n.Runs, n.Reason
				}
			}
		}
		for run := range w.request.Runs {
			if w.request.Run(run).Varied(name) && !slices.Contains(v.Missed, run) {
				v.Runs = append(v.Runs, run)
			}
		}
		list = append(list, v)
	}
	return list
}

// suspicion is what the pattern of the runs says of the cause of a fail.
type suspicion struct {
	Names    []vary.Name `json:"names"` // the variations that can be it
	Sentence string      `json:"sentence"`
}
