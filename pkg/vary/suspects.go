package vary

import (
	"cmp"
	"slices"
)

// Suspect is a variation that the pattern of the runs speaks against.
type Suspect struct {
	Name    Name
	Varied  int // in how many of the runs that were compared it was varied
	Differs int // in how many of these runs something differs from the plain ones
}

// All tells that every run in which it is varied differs.
func (s *Suspect) All() bool { return s.Differs == s.Varied }

// Suspects are the variations that alone can be behind the differences between runs: the
// runs in which one is plain are all equal, and some of those in which it is varied differ
// from them. groups are the equal runs, by their index in the window; number is that of
// a run in the plan. The most suspicious comes first; where one differs wherever it is
// varied, the others are left out. None: no variation explains it alone.
func Suspects(names []Name, number func(run int) int64, groups [][]int) (list []Suspect) {
	for _, name := range names {
		if s, ok := suspect(name, number, groups); ok {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b Suspect) int { return cmp.Compare(b.Differs*a.Varied, a.Differs*b.Varied) })
	if len(list) > 0 && list[0].All() {
		list = slices.DeleteFunc(list, func(s Suspect) bool { return !s.All() })
	}
	return list
}

func suspect(name Name, number func(run int) int64, groups [][]int) (s Suspect, ok bool) {
	s.Name = name
	plain := -1 // the group of the plain runs
	for g, runs := range groups {
		for _, run := range runs {
			if Varied(name, number(run)) {
				s.Varied++
				continue
			}
			if plain >= 0 && plain != g {
				return s, false
			}
			plain = g
		}
	}
	if plain < 0 {
		return s, false
	}
	for g, runs := range groups {
		if g != plain {
			s.Differs += len(runs)
		}
	}
	return s, s.Differs > 0
}
