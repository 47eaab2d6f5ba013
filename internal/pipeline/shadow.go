package pipeline

import (
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// offRuns is how many runs are made with the whole shadow lane off. They are held against
// each other too.
const offRuns = 2

// shadowFaults says why a shadow check cannot be made.
func (f *File) shadowFaults() (list []*program.Fault) {
	shadow := f.Definition.Shadow()
	switch _, further := f.groups(); {
	case len(shadow) == 0:
		list = append(list, program.Faultf("/shadow_check", "shadow_check: there is no task in the shadow lane that could change anything"))
	case len(shadow) == len(f.Definition.Tasks):
		list = append(list, program.Faultf("/shadow_check", "shadow_check: there is no task in the forecast lane that could be changed"))
	case f.Runs <= events.MaxRuns && f.Runs+further > events.MaxRuns:
		list = append(list, program.Faultf("/shadow_check", "shadow_check: %d runs and %d more are too many: want %d at most", f.Runs, further, events.MaxRuns))
	}
	return list
}

// groups are the further runs of a shadow check: some with the whole shadow lane off, and
// where it has several tasks, runs with parts of it off, so that which runs differ names the
// task.
func (f *File) groups() (groups []events.RunGroup, runs int) {
	if !f.Shadow {
		return nil, 0
	}
	add := func(n int, tasks []string) {
		g := events.RunGroup{Name: events.ShadowOff, Tasks: tasks}
		for range n {
			g.Runs = append(g.Runs, f.Runs+runs)
			runs++
		}
		groups = append(groups, g)
	}
	shadow := f.Definition.Shadow()
	add(offRuns, shadow)
	for _, part := range parts(len(shadow)) {
		var tasks []string
		for _, i := range part {
			tasks = append(tasks, shadow[i])
		}
		add(1, tasks)
	}
	return groups, runs
}

// parts are the fewest sets of n things in which each thing is in another half of the sets.
// So no thing is in all the sets in which another is, and what two of them do together
// looks like the doing of none.
func parts(n int) (sets [][]int) {
	if n < 2 {
		return nil
	}
	size, most := 2, 2 // as many sets, which are enough for so many things
	for most < n {
		size++
		most = choose(size, size/2)
	}
	sets = make([][]int, size)
	half, thing := make([]int, size/2), 0
	var pick func(chosen, from int)
	pick = func(chosen, from int) {
		if thing == n {
			return
		}
		if chosen == len(half) {
			for _, set := range half {
				sets[set] = append(sets[set], thing)
			}
			thing++
			return
		}
		for set := from; set < size; set++ {
			half[chosen] = set
			pick(chosen+1, set+1)
		}
	}
	pick(0, 0)
	return sets
}

// choose is the number of ways to choose k of n.
func choose(n, k int) int {
	ways := 1
	for i := range k {
		ways = ways * (n - i) / (i + 1)
	}
	return ways
}
