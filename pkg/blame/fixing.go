package blame

import (
	"fmt"

	"abraxas.dev/ers/pkg/vary"
)

// fixing finds the smallest set among what was free that has to be fixed for all runs to
// be equal. Runs are equal when all is fixed.
func (s *search) fixing(free []vary.Name) error {
	s.found.Among = free
	passed := uint64(0)
	set, err := ddmin(free, func(part []vary.Name) (bool, error) {
		got, err := s.differsFixed(part)
		if err == nil && !got.differs {
			s.found.Among, passed = part, got.window
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return err
	}
	s.found.Among = nil
	causes, err := s.each(set)
	if err != nil {
		return err
	}
	if len(causes) == 0 { // it passed by chance
		return s.rare()
	}
	s.found.Kind, s.found.Causes, s.found.Passed = ByCause, causes, passed
	return nil
}

// each makes sure of what has to be fixed. Of several each is a cause of its own: runs
// differ as soon as one of them is not fixed. Where one does not show that alone, it may
// be all of them together.
func (s *search) each(set []vary.Name) (causes []Cause, err error) {
	for i := range set {
		cause, err := s.shows(set[i : i+1])
		if err != nil {
			return nil, err
		}
		if cause == nil {
			causes = nil
			break
		}
		causes = append(causes, *cause)
	}
	if len(causes) > 0 || len(set) == 1 {
		return causes, nil
	}
	cause, err := s.shows(set)
	if cause == nil || err != nil {
		return nil, err
	}
	return []Cause{*cause}, nil
}

// differsFixed asks whether runs differ when a set is fixed beside what was fixed before.
func (s *search) differsFixed(set []vary.Name) (shown, error) {
	return s.once(fmt.Sprint("fixed", set), func() (shown, error) {
		a, err := s.probe(Probe{
			Question: fmt.Sprintf("does it pass when %s fixed?", Are(set)),
			Fixed:    vary.Union(s.Fixed, set),
			Runs:     s.enough(2),
		})
		return shown{len(a.Groups) > 1, a.Window}, err
	})
}

// shows makes sure that a set makes the difference: when it alone varies, or else when it
// alone is free.
func (s *search) shows(set []vary.Name) (*Cause, error) {
	if number, ok := allVaried(set); ok {
		got, err := s.alone(set, number)
		if err != nil || got.differs {
			return &Cause{Names: set, Varied: true, Shown: got.window}, err
		}
	}
	a, err := s.probe(Probe{
		Question: fmt.Sprintf("does it differ when %s free, and all others fixed?", Are(set)),
		Fixed:    vary.Without(s.Can, set),
		Runs:     s.enough(2),
	})
	if err != nil || len(a.Groups) < 2 {
		return nil, err
	}
	return &Cause{Names: set, Shown: a.Window}, nil
}

// allVaried is the first run of the plan in which all of a set are varied.
func allVaried(set []vary.Name) (number int64, ok bool) {
	const looked = 1000
	for number := range int64(looked) {
		if all(set, func(name vary.Name) bool { return vary.Varied(name, number) }) {
			return number, true
		}
	}
	return 0, false
}

func all(set []vary.Name, is func(vary.Name) bool) bool {
	for _, name := range set {
		if !is(name) {
			return false
		}
	}
	return true
}
