package blame

import (
	"cmp"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/vary"
)

// pattern is which runs of a window are equal while some variations vary.
type pattern struct {
	names  []vary.Name
	number func(run int) int64
	groups [][]int
}

// varied are the names that vary in a run.
func (p *pattern) varied(run int) (names []vary.Name) {
	for _, name := range p.names {
		if vary.Varied(name, p.number(run)) {
			names = append(names, name)
		}
	}
	return names
}

// repeats is how often the plain and the differing run are made, where it does not come again at once.
const repeats = 8

// varying finds the causes among what the window varied.
func (s *search) varying() error {
	now := &pattern{s.Variations, s.Number, s.Groups}
	for {
		cause, err := s.cause(now)
		if cause == nil && err == nil && !s.Pair {
			s.repeat = repeats
			cause, err = s.cause(now)
			s.repeat = 1
		}
		if err != nil {
			return err
		}
		if cause == nil {
			if len(s.found.Causes) > 0 {
				s.found.Why = "runs differ with that fixed too, but this did not come again"
				return nil
			}
			return s.rare()
		}
		s.found.Kind, s.found.Causes = ByCause, append(s.found.Causes, *cause)
		left := vary.Without(now.names, cause.Names)
		if len(left) == 0 {
			return nil
		}
		next, window, err := s.fixed(left, now)
		if err != nil {
			return err
		}
		if len(next.groups) == 1 {
			s.found.Passed = window
			return nil
		}
		now = next
	}
}

// fixed asks what is left of the difference when the causes are fixed and all others vary.
func (s *search) fixed(left []vary.Name, now *pattern) (*pattern, uint64, error) {
	most := usualRuns
	if s.Pair {
		most = 2
	}
	p := Probe{Variations: left, Fixed: vary.Without(vary.Union(s.Variations, s.Fixed), left)}
	p.Question = fmt.Sprintf("does it pass when %s fixed and all others vary?", Are(vary.Without(s.Variations, left)))
	for _, run := range sample(now.groups, most) {
		p.Numbers = append(p.Numbers, now.number(run))
	}
	p.Runs = len(p.Numbers)
	a, err := s.probe(p)
	number := func(run int) int64 { return p.Numbers[run] }
	return &pattern{left, number, a.Groups}, a.Window, err
}

// Are begins a sentence about names.
func Are(names []vary.Name) string {
	if len(names) == 1 {
		return Listed(names) + " is"
	}
	return Listed(names) + " are"
}

// cause finds a smallest set that makes the difference. nil: the difference does not come
// again.
func (s *search) cause(now *pattern) (*Cause, error) {
	suspects := vary.Suspects(now.names, now.number, now.groups)
	for _, x := range suspects {
		if len(suspects) > fewSuspects && !x.All() {
			break // the pattern says little
		}
		run, ok := now.differing(x.Name)
		if !ok {
			continue
		}
		set := []vary.Name{x.Name}
		got, err := s.alone(set, now.number(run))
		if err == nil && got.differs && !x.All() {
			got, err = s.pair(set, now.number(run)) // it could have come by itself
		}
		if err != nil {
			return nil, err
		}
		if got.differs {
			return &Cause{Names: set, Varied: true, Shown: got.window}, nil
		}
	}
	set, number, err := s.whole(now)
	if len(set) == 0 || err != nil {
		return nil, err
	}
	// Several together are behind it: each of them is a suspect.
	together := vary.Without(set, vary.Without(set, suspected(suspects)))
	if len(together) > 1 && len(together) < len(set) {
		if cause, err := s.narrow(together, number); cause != nil || err != nil {
			return cause, err
		}
	}
	return s.narrow(set, number)
}

func suspected(suspects []vary.Suspect) (names []vary.Name) {
	for _, x := range suspects {
		names = append(names, x.Name)
	}
	return names
}

// fewSuspects are asked one by one.
const fewSuspects = 3

// narrow finds a smallest part of a set that makes the difference.
func (s *search) narrow(set []vary.Name, number int64) (*Cause, error) {
	whole, err := s.pair(set, number)
	if !whole.differs || err != nil {
		return nil, err
	}
	s.found.Among = set
	if whole, err = s.pair(set, number); err != nil { // once could have come by itself
		return nil, err
	}
	if !whole.differs {
		s.found.Among = nil
		return nil, nil
	}
	part, err := ddmin(set, func(part []vary.Name) (bool, error) {
		got, err := s.alone(part, number)
		if got.differs {
			s.found.Among = part
		}
		return got.differs, err
	})
	if err != nil {
		return nil, err
	}
	got := whole
	if len(part) < len(set) {
		if got, err = s.pair(part, number); err != nil { // likewise
			return nil, err
		}
	}
	s.found.Among = nil
	if !got.differs {
		return nil, nil
	}
	return &Cause{Names: part, Varied: true, Shown: got.window}, nil
}

// plain is the group of the runs in which nothing varies; -1: there is none.
func (p *pattern) plain() int {
	return slices.IndexFunc(p.groups, func(runs []int) bool {
		return slices.ContainsFunc(runs, func(run int) bool { return len(p.varied(run)) == 0 })
	})
}

// differing is the run that differs from the plain ones and has the fewest varied, the
// named variation among them; "" is any.
func (p *pattern) differing(name vary.Name) (run int, ok bool) {
	var runs []int
	for g, group := range p.groups {
		if g != p.plainOf(name) {
			runs = append(runs, group...)
		}
	}
	runs = slices.DeleteFunc(runs, func(run int) bool {
		names := p.varied(run)
		return len(names) == 0 || name != "" && !slices.Contains(names, name)
	})
	return p.fewest(runs)
}

// plainOf is the group of the runs in which a variation does not vary; "" is any.
func (p *pattern) plainOf(name vary.Name) int {
	if name == "" {
		return p.plain()
	}
	return slices.IndexFunc(p.groups, func(runs []int) bool {
		return slices.ContainsFunc(runs, func(run int) bool { return !vary.Varied(name, p.number(run)) })
	})
}

// fewest is the one of some runs that has the fewest varied.
func (p *pattern) fewest(runs []int) (run int, ok bool) {
	if len(runs) == 0 {
		return 0, false
	}
	slices.Sort(runs)
	return slices.MinFunc(runs, func(a, b int) int { return cmp.Compare(len(p.varied(a)), len(p.varied(b))) }), true
}

// whole is what is varied in a run that differs from the run with number 0, and the
// number of that run. Where the window has no plain run, two runs that differ from each
// other are held against one: one of them differs from it too.
func (s *search) whole(now *pattern) (set []vary.Name, number int64, err error) {
	if now.plain() >= 0 {
		run, ok := now.differing("")
		if !ok {
			return nil, 0, nil
		}
		return now.varied(run), now.number(run), nil
	}
	p := Probe{Question: "which run differs from a plain one?", Variations: now.names, Fixed: vary.Without(vary.Union(s.Variations, s.Fixed), now.names), Numbers: []int64{0}}
	var runs []int
	for _, group := range now.groups[:2] {
		run, _ := now.fewest(slices.Clone(group))
		runs, p.Numbers = append(runs, run), append(p.Numbers, now.number(run))
	}
	p.Runs = len(p.Numbers)
	a, err := s.probe(p)
	if err != nil {
		return nil, 0, err
	}
	plain := slices.IndexFunc(a.Groups, func(g []int) bool { return slices.Contains(g, 0) })
	for i, run := range runs {
		if !slices.Contains(a.Groups[plain], i+1) {
			return now.varied(run), now.number(run), nil
		}
	}
	return nil, 0, nil
}
