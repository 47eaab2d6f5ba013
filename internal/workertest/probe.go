package workertest

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// probe is a task whose answer depends on what it is shown, and two sets of results of
// which it shows the difference.
type probe struct {
	tasks []string // the one
	a, b  []events.TaskResult
}

// mostProbes is how many tasks are tried.
const mostProbes = 200

// findProbe looks for a task that shows results, or previous ones. It looks in one
// process and may be misled by a task that keeps something: see [suite.equal]. nil: there
// is none.
func (s *suite) findProbe(names []string, ask func(n int64, p *probe, shown []events.TaskResult) []worker.Tick) (*probe, error) {
	if s.hello == nil || len(names) == 0 {
		return nil, nil
	}
	p, err := s.open()
	if err != nil {
		return nil, err
	}
	defer p.discard()
	real, err := s.ask(p, s.tick(0, s.tasks))
	if err != nil {
		return nil, err
	}
	n := int64(2)
	show := func(found *probe, shown []events.TaskResult) (answers []worker.Result, err error) {
		for _, m := range ask(n, found, shown) {
			if answers, err = s.ask(p, m); err != nil {
				return nil, err
			}
		}
		n += int64(2 * len(s.options.Contexts)) // the same context again
		return answers, nil
	}
	for _, name := range names[:min(len(names), mostProbes)] {
		ones, twos, reals := s.others(name, real)
		for _, try := range []probe{{[]string{name}, ones, twos}, {[]string{name}, reals, ones}} {
			one, err := show(&try, try.a)
			if err != nil {
				return nil, err
			}
			two, err := show(&try, try.b)
			if err != nil {
				return nil, err
			}
			if differ(one, two) != "" {
				return &try, nil
			}
		}
	}
	return nil, nil
}

// others makes results of all other tasks of the forecast lane, and of one that the
// worker does not have: with the values 1 and 2, and as they were in truth.
func (s *suite) others(name string, real []worker.Result) (ones, twos, reals []events.TaskResult) {
	ones, twos, reals = []events.TaskResult{told(other, "1")}, []events.TaskResult{told(other, "2")}, []events.TaskResult{told(other, canon.Null)}
	for _, r := range real {
		if r.Task == name || s.lane(r.Task) != events.Forecast {
			continue
		}
		ones, twos, reals = append(ones, told(r.Task, "1")), append(twos, told(r.Task, "2")), append(reals, s.asTold(&r))
	}
	return ones, twos, reals
}

// asTold is an answer as the worker would be told it.
func (s *suite) asTold(r *worker.Result) events.TaskResult {
	return events.TaskResult{Name: r.Task, Lane: s.lane(r.Task), Status: r.Status, Value: r.Value, Error: r.Error}
}

func (s *suite) lane(task string) events.Lane {
	for _, t := range s.hello.Tasks {
		if t.Name == task {
			return t.Lane
		}
	}
	return events.Forecast
}

// all are the names of all tasks.
func (s *suite) all() []string {
	if len(s.tasks) > 0 && len(s.shadow) > 0 && s.tasks[0] == s.shadow[0] {
		return s.tasks // there are but shadow tasks
	}
	return append(append([]string{}, s.tasks...), s.shadow...)
}

// seesResults looks for a task that shows the results of its tick.
func (s *suite) seesResults() (*probe, error) {
	return s.findProbe(s.all(), func(n int64, p *probe, shown []events.TaskResult) []worker.Tick {
		return []worker.Tick{s.tick(n-1, nil, p.a...), s.tick(n, p.tasks, shown...)}
	})
}

// seesPrevious looks for a task of these that shows the results of the tick before.
func (s *suite) seesPrevious(names []string) (*probe, error) {
	return s.findProbe(names, func(n int64, p *probe, shown []events.TaskResult) []worker.Tick {
		return []worker.Tick{s.tick(n-1, nil, shown...), s.tick(n, p.tasks, p.a...)}
	})
}
