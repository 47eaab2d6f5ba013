package blame

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/vary"
)

// search is a search that goes on.
type search struct {
	Window
	Options
	ask    Ask
	found  Finding
	repeat int              // how often a probe has the differing run
	known  map[string]shown // what was asked already
}

// shown is whether a set makes the difference, and the window that says so.
type shown struct {
	differs bool
	window  uint64
}

// errLimit ends a search that would take too many runs.
var errLimit = errors.New("too many runs")

// errItself ends a search in which plain runs differ.
var errItself = errors.New("it differs by itself")

// probe asks a question, if there are runs left for it.
func (s *search) probe(p Probe) (Answer, error) {
	if s.found.Runs+p.Runs > s.MaxRuns {
		return Answer{}, errLimit
	}
	a, err := s.ask(p)
	if err != nil {
		return a, err
	}
	runs := 0
	for _, g := range a.Groups {
		runs += len(g)
	}
	if runs != p.Runs {
		return a, fmt.Errorf("window %d tells of %d of %d runs", a.Window, runs, p.Runs)
	}
	s.found.Windows++
	s.found.Runs += p.Runs
	return a, nil
}

// alone asks whether a set of variations makes the difference, when in the run with this
// number they alone are varied and in the run with number 0 nothing is.
func (s *search) alone(set []vary.Name, number int64) (shown, error) {
	return s.once(fmt.Sprint(number, s.repeat, set), func() (shown, error) { return s.pair(set, number) })
}

// once asks what was not asked before.
func (s *search) once(key string, ask func() (shown, error)) (shown, error) {
	if known, ok := s.known[key]; ok {
		return known, nil
	}
	got, err := ask()
	if err == nil {
		s.known[key] = got
	}
	return got, err
}

func (s *search) pair(set []vary.Name, number int64) (shown, error) {
	p := Probe{
		Question:   fmt.Sprintf("does it differ when %s %s?", Listed(set), aloneVary(set)),
		Variations: set,
		Fixed:      vary.Without(vary.Union(s.Variations, s.Fixed), set),
	}
	if len(s.Variations) == 0 { // of free ones: all others are fixed
		p.Fixed = vary.Without(s.Can, set)
	}
	for _, number := range []int64{0, number} {
		for range s.repeat {
			p.Numbers = append(p.Numbers, number)
		}
	}
	p.Runs = len(p.Numbers)
	a, err := s.probe(p)
	if err != nil {
		return shown{}, err
	}
	plain := plainRuns(a.Groups, s.repeat)
	if len(plain) > 1 { // they have equal surroundings
		s.sawEqual(Answer{a.Window, plain})
		return shown{}, errItself
	}
	return shown{len(a.Groups) > 1, a.Window}, nil
}

// plainRuns are the groups of the first runs of a window.
func plainRuns(groups [][]int, first int) (plain [][]int) {
	for _, g := range groups {
		if g = slices.DeleteFunc(slices.Clone(g), func(run int) bool { return run >= first }); len(g) > 0 {
			plain = append(plain, g)
		}
	}
	slices.SortStableFunc(plain, func(a, b []int) int { return len(b) - len(a) })
	return plain
}

func aloneVary(set []vary.Name) string {
	if len(set) == 1 {
		return "alone varies"
	}
	return "alone vary"
}

// Listed is a list in a sentence.
func Listed(names []vary.Name) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = string(name)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// ddmin is delta debugging: it returns a part of a set that has the property, and loses it
// with any one element less. The set has it.
func ddmin(set []vary.Name, has func([]vary.Name) (bool, error)) ([]vary.Name, error) {
	for n := 2; len(set) > 1; {
		parts := split(set, n)
		candidates := parts
		if n > 2 {
			for _, part := range parts {
				candidates = append(candidates, vary.Without(set, part))
			}
		}
		at, err := firstWith(candidates, has)
		switch {
		case err != nil:
			return set, err
		case at < 0 && n == len(set):
			return set, nil
		case at < 0:
			n = min(2*n, len(set))
		case at < len(parts):
			set, n = candidates[at], 2
		default:
			set, n = candidates[at], max(n-1, 2)
		}
	}
	return set, nil
}

// split cuts a set into n parts of about one size.
func split(set []vary.Name, n int) (parts [][]vary.Name) {
	for i := range n {
		parts = append(parts, set[i*len(set)/n:(i+1)*len(set)/n])
	}
	return parts
}

func firstWith(candidates [][]vary.Name, has func([]vary.Name) (bool, error)) (int, error) {
	for i, c := range candidates {
		if ok, err := has(c); ok || err != nil {
			return i, err
		}
	}
	return -1, nil
}
