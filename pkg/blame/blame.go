// Package blame finds what makes the runs of a window differ: the smallest set of
// variations that does, or that they differ by themselves.
//
// [Search] asks one question after the other, each of which is a window of runs, a
// [Probe], and is told which of its runs are equal:
//
//  1. Are equal runs equal, in which everything is fixed? Where they are not, it comes by
//     itself, and no variation explains it.
//  2. The variations that the pattern of the failed window speaks against are varied
//     alone, in one run beside a plain one. Where none of them makes the difference, all
//     that the differing run had varied is narrowed down by delta debugging.
//  3. What is found is fixed while all others vary. Where runs differ still, there is
//     another cause, and it begins again with that.
//
// A window in which nothing was varied is asked by fixing: which smallest set has to be
// fixed for all runs to be equal.
//
// The package is pure: it imports no net, os, time or rand. The same answers lead to the
// same questions.
package blame

import (
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/vary"
)

// Window is the window whose runs differ.
type Window struct {
	Can        []vary.Name         // what its runs can have at all
	Variations []vary.Name         // that it varied
	Fixed      []vary.Name         // that it fixed
	Number     func(run int) int64 // of a run in the plan
	Groups     [][]int             // equal runs by their index, the largest group first
}

// Probe is a window that answers a question.
type Probe struct {
	Question   string      // for people
	Variations []vary.Name // that vary
	Fixed      []vary.Name // that are fixed
	Runs       int
	Numbers    []int64 // of the runs in the plan; nil: from 0 on
}

// Answer is how a probe came out.
type Answer struct {
	Window uint64  // its number
	Groups [][]int // equal runs by their index, the largest group first; each run is in one
}

// Ask has a window made and waits for it. After an error the search ends.
type Ask func(Probe) (Answer, error)

// Options bound a search.
type Options struct {
	MaxRuns int  // of all probes together
	Pair    bool // the fewest runs a probe: one plain and one differing run
}

// Kind says what a search came to.
type Kind string

const (
	ByCause Kind = "cause"   // there is a set of variations that makes the difference
	Itself  Kind = "itself"  // runs differ that have equal surroundings
	Unknown Kind = "unknown" // it could not be found out
)

// Cause is a set of variations that makes a difference, and no part of which does.
type Cause struct {
	Names  []vary.Name `json:"names"`
	Varied bool        `json:"varied"` // shown by varying them alone; otherwise by leaving them free alone
	Shown  uint64      `json:"shown"`  // the window that shows it
}

// Finding is what a search came to, and while it goes on what is known.
type Finding struct {
	Kind    Kind        `json:"kind"`
	Causes  []Cause     `json:"causes,omitempty"`
	Passed  uint64      `json:"passed,omitempty"` // the window that passes with all causes fixed; 0: none is known
	Among   []vary.Name `json:"among,omitempty"`  // the cause is among these: the search ended before it was narrowed down
	Equal   int         `json:"equal_runs"`       // runs with equal surroundings
	Odd     int         `json:"odd_runs"`         // of these, runs that differ from the most frequent
	Shown   uint64      `json:"shown,omitempty"`  // the window in which they differ
	Windows int         `json:"windows"`          // all probes
	Runs    int         `json:"runs"`             // in all of them
	Why     string      `json:"why,omitempty"`    // it was not found, or not all of it
}

// Alike tells whether any two of the equal runs are equal.
func (f *Finding) Alike() bool { return f.Odd+1 < f.Equal }

// Names are those of all causes.
func (f *Finding) Names() (names []vary.Name) {
	for _, c := range f.Causes {
		names = vary.Union(names, c.Names)
	}
	return names
}

// Search looks for the cause. With an error of ask comes what is known so far.
func Search(w Window, o Options, ask Ask) (*Finding, error) {
	s := &search{Window: w, Options: o, ask: ask, found: Finding{Kind: Unknown}, repeat: 1, known: make(map[string]shown)}
	err := s.run()
	if errors.Is(err, errItself) {
		s.found.Causes, s.found.Among, err = nil, nil, nil
	}
	if errors.Is(err, errLimit) {
		s.found.Why, err = fmt.Sprintf("the next question would take more than %d runs in all", o.MaxRuns), nil
	}
	return &s.found, err
}

func (s *search) run() error {
	if len(s.Groups) < 2 {
		return errors.New("the window has no runs that differ from each other")
	}
	free := vary.Without(vary.Without(s.Can, s.Variations), s.Fixed)
	switch {
	case len(s.Can) == 0:
		return s.rare()
	case len(s.Variations)+len(free) == 0:
		s.sawEqual(Answer{Groups: s.Groups})
		return nil
	}
	if equal, err := s.equalRuns(); !equal || err != nil {
		return err
	}
	if len(s.Variations) == 0 {
		return s.fixing(free)
	}
	if len(free) > 0 { // it may come of what nobody thought of
		pinned := vary.Union(s.Variations, s.Fixed)
		a, err := s.probe(Probe{Question: "does it differ when nothing varies?", Fixed: pinned, Runs: s.enough(usualRuns)})
		if err != nil {
			return err
		}
		if len(a.Groups) > 1 {
			s.Variations, s.Fixed, s.Groups = nil, pinned, a.Groups
			return s.fixing(free)
		}
	}
	return s.varying()
}

// The runs of windows that are to show what comes by itself.
const (
	usualRuns = 12
	mostRuns  = 36
	pairRuns  = 6 // with pairs alone
)

// enough is in how many runs, at least so many, the difference of the window would come
// again with 99.5 %, if it came by itself: all of them are alike with the sum of p^n over
// the shares p of the groups.
func (s *search) enough(least int) int {
	if s.Pair {
		return 2
	}
	all := 0
	for _, g := range s.Groups {
		all += len(g)
	}
	n := max(2, min(all, least))
	for n < mostRuns {
		alike := 0.0
		for _, g := range s.Groups {
			power := 1.0
			for range n {
				power *= float64(len(g)) / float64(all)
			}
			alike += power
		}
		if alike <= 0.005 {
			break
		}
		n++
	}
	return n
}

// equalRuns asks whether runs are equal in which everything is fixed.
func (s *search) equalRuns() (bool, error) {
	p := Probe{Question: "are runs equal when nothing varies and all is fixed?", Fixed: s.Can, Runs: s.enough(usualRuns)}
	if len(s.Can) == 0 {
		p.Question, p.Fixed = "are equal runs equal?", nil
	}
	a, err := s.probe(p)
	if err != nil {
		return false, err
	}
	return s.sawEqual(a), nil
}

// sawEqual counts equal runs.
func (s *search) sawEqual(a Answer) bool {
	for _, g := range a.Groups {
		s.found.Equal += len(g)
	}
	for _, g := range a.Groups[1:] {
		s.found.Odd += len(g)
	}
	if s.found.Odd > 0 {
		s.found.Kind, s.found.Shown = Itself, a.Window
	}
	return s.found.Odd == 0
}

// rare looks whether what did not come again comes by itself.
func (s *search) rare() error {
	most := mostRuns
	if s.Pair {
		most = pairRuns
	}
	for s.found.Equal < most {
		if equal, err := s.equalRuns(); !equal || err != nil {
			return err
		}
	}
	s.found.Why = "the difference did not come again"
	return nil
}

// sample are runs of a window, from each group in turn, at most so many.
func sample(groups [][]int, most int) (runs []int) {
	for i := 0; len(runs) < most; i++ {
		before := len(runs)
		for _, g := range groups {
			if i < len(g) && len(runs) < most {
				runs = append(runs, g[i])
			}
		}
		if len(runs) == before {
			break
		}
	}
	slices.Sort(runs)
	return runs
}
