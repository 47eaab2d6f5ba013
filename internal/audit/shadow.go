package audit

import "slices"

// shadowOff names groups of runs for which tasks of the shadow lane are not run.
const shadowOff = "shadow-off"

// made says how a run is made: 0 is plainly, else 1 for the first group and so on.
func (r *request) made(run int) int {
	return 1 + slices.IndexFunc(r.Groups, func(g runGroup) bool { return slices.Contains(g.Runs, run) })
}

// special is how many runs are not made plainly.
func (r *request) special() (n int) {
	for _, g := range r.Groups {
		n += len(g.Runs)
	}
	return n
}

// further is special of the verdict's request.
func (v *verdict) further() int { return (&request{Groups: v.RunGroups}).special() }

// off are the tasks that a run is made without.
func (r *request) off(run int) []string {
	if made := r.made(run); made > 0 && r.Groups[made-1].Name == shadowOff {
		return r.Groups[made-1].Tasks
	}
	return nil
}

// planned are the tasks of the definition that have their turn in the run's ticks.
func (r *run) planned() []planned {
	if r.tasks == nil && r.window.tasks != nil {
		off := r.window.request.off(r.key.Run)
		r.tasks = slices.DeleteFunc(slices.Clone(r.window.tasks), func(p planned) bool {
			return p.lane == "shadow" && slices.Contains(off, p.name)
		})
	}
	return r.tasks
}

// agrees tells whether the runs of two groups are as equal as they must be: to the byte
// where they are made alike, else in the forecast lane.
func (g *group) agrees(with *group) bool {
	lane := g.ForecastHash == with.ForecastHash && g.ForecastResultHash == with.ForecastResultHash
	return lane && (g.made != with.made || g.Hash == with.Hash && g.ResultHash == with.ResultHash)
}

// heldAgainst is the group that another one must agree with: the first of those made
// alike, and for that one the first of all.
func (v *verdict) heldAgainst(g *group) *group {
	i := slices.IndexFunc(v.Groups, func(other group) bool { return other.made == g.made })
	if &v.Groups[i] == g {
		return &v.Groups[0]
	}
	return &v.Groups[i]
}

// interference tells whether it is the shadow lane that makes the difference, and nothing
// else: whether all runs that are made alike have one forecast lane, and those without the
// whole shadow lane have another than the plain ones. task is the only one with which the
// difference comes and goes in all runs, "" for none or several.
func (v *verdict) interference() (task string, is bool) {
	lane := map[int]string{}
	for _, g := range v.Groups {
		hashes := g.ForecastHash + g.ForecastResultHash
		if known, ok := lane[g.made]; ok && known != hashes {
			return "", false
		}
		lane[g.made] = hashes
	}
	without := map[string][]int{} // for each task how the runs without it are made
	for i, g := range v.RunGroups {
		for _, t := range g.Tasks {
			without[t] = append(without[t], i+1)
		}
	}
	on, off := lane[0], ""
	for i, g := range v.RunGroups {
		if hashes, ok := lane[i+1]; ok && len(g.Tasks) == len(without) {
			off = hashes
		}
	}
	if on == "" || off == "" || on == off {
		return "", false
	}
	var fitting []string
	for t, gone := range without {
		fits := true
		for i := range v.RunGroups {
			want := on
			if slices.Contains(gone, i+1) {
				want = off
			}
			fits = fits && lane[i+1] == want
		}
		if fits {
			fitting = append(fitting, t)
		}
	}
	if len(fitting) == 1 {
		return fitting[0], true
	}
	return "", true
}
