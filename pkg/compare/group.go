package compare

import (
	"cmp"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// group clusters the sealed runs that are made alike by their hashes.
func group(v *events.Verdict, last []events.Digest, sealed []int) {
	v.ExpectedHash, v.ExpectedResultHash = v.Hashes[0], v.ResultHashes[0]
	type key struct {
		made          int
		trace, result string
	}
	index := make(map[key]int)
	for _, run := range sealed {
		d := &last[run]
		k := key{events.Made(v.RunGroups, []int{run}), d.Trace, d.Result}
		i, ok := index[k]
		if !ok {
			i = len(v.Groups)
			index[k] = i
			v.Groups = append(v.Groups, events.Group{Hash: d.Trace, ResultHash: d.Result, ForecastHash: d.Forecast, ForecastResultHash: d.ForecastResult})
		}
		v.Groups[i].Runs = append(v.Groups[i].Runs, run)
		if v.FirstMismatchIndex == nil && sealed[0] == 0 && differ(v, &v.Groups[0], &v.Groups[i]) {
			v.FirstMismatchIndex = &run
		}
	}
	// The groups stand in the order of their lowest runs. A stable sort keeps that
	// among groups of one size.
	slices.SortStableFunc(v.Groups, func(a, b events.Group) int {
		return cmp.Or(cmp.Compare(made(v, &a), made(v, &b)), cmp.Compare(len(b.Runs), len(a.Runs)))
	})
}

// outliers sets what follows from the groups.
func outliers(v *events.Verdict) {
	for i := range v.Groups {
		g := &v.Groups[i]
		if r := reference(v, i); r != i && differ(v, &v.Groups[r], g) {
			v.Outliers = append(v.Outliers, g.Runs...)
		}
	}
	slices.Sort(v.Outliers)
	v.Tie = len(v.Groups) > 1 && made(v, &v.Groups[0]) == made(v, &v.Groups[1]) && len(v.Groups[0].Runs) == len(v.Groups[1].Runs)
}

// made is how the runs of a group are made, see [events.Made].
func made(v *events.Verdict, g *events.Group) int { return events.Made(v.RunGroups, g.Runs) }

// reference is the group that a group is held against: the first that is made alike, or
// the first of all where it is that itself.
func reference(v *events.Verdict, i int) int {
	first := i
	for first > 0 && made(v, &v.Groups[first-1]) == made(v, &v.Groups[i]) {
		first--
	}
	if first < i {
		return first
	}
	return 0
}

// differ tells whether the runs of two groups are not as equal as they must be.
func differ(v *events.Verdict, a, b *events.Group) bool {
	if made(v, a) == made(v, b) && (a.Hash != b.Hash || a.ResultHash != b.ResultHash) {
		return true
	}
	return a.ForecastHash != b.ForecastHash || a.ForecastResultHash != b.ForecastResultHash
}

// interference tells whether the forecast lane is one with the shadow lane and another
// without it, and which task of that lane makes the difference, "" where the runs do not
// name a single one. It is that only where it is nothing else: all plain runs are equal in
// the forecast lane, and so are all of a group.
func interference(v *events.Verdict) (task string, ok bool) {
	type forecast struct{ trace, result string }
	lane := make(map[int]forecast) // by how the runs are made
	for i := range v.Groups {
		g := &v.Groups[i]
		found := forecast{g.ForecastHash, g.ForecastResultHash}
		if before, twice := lane[made(v, g)]; twice && before != found {
			return "", false
		}
		lane[made(v, g)] = found
	}
	on, there := lane[-1]
	if !there {
		return "", false
	}
	off, changed, all := on, false, tasksOff(v)
	for i, g := range v.RunGroups {
		if found, there := lane[i]; there && len(g.Tasks) == len(all) { // the whole of them
			off, changed = found, found != on
		}
	}
	if !changed {
		return "", false
	}
	var suspects []string
	for _, task := range all {
		fits := true
		for i, g := range v.RunGroups {
			want := on
			if slices.Contains(g.Tasks, task) {
				want = off
			}
			found, there := lane[i]
			fits = fits && there && found == want
		}
		if fits {
			suspects = append(suspects, task)
		}
	}
	if len(suspects) != 1 {
		return "", true
	}
	return suspects[0], true
}

// tasksOff are the tasks that are off in some group, ascending.
func tasksOff(v *events.Verdict) (all []string) {
	for _, g := range v.RunGroups {
		if g.Name == events.ShadowOff {
			all = append(all, g.Tasks...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
