package workertest

import (
	"errors"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// session is what a process is asked, one message after the other. The answers to the
// last message are what counts.
type session []worker.Tick

// equal wants that two sessions end alike. That is seen only when a third one, in which
// what matters is another, ends otherwise than the first.
func (s *suite) equal(one, two, third session, invisible string) error {
	want, err := s.play(one...)
	if err != nil {
		return err
	}
	another, err := s.play(third...)
	if err != nil {
		return err
	}
	if differ(want, another) == "" {
		return unseen(invisible)
	}
	got, err := s.play(two...)
	if err != nil {
		return err
	}
	if d := differ(want, got); d != "" {
		return errors.New(d)
	}
	return nil
}

const (
	noResults  = "what its tasks return does not depend on the results of other tasks"
	noPrevious = "what its tasks return does not depend on the results of the previous tick"
	noContext  = "what its tasks return does not depend on the context"
	noShadow   = "it has no task in the shadow lane"
	oneTask    = "there is but one task"
)

// other is a name that no task of the worker has.
const other = "ers:other"

// withResults makes a check of three sessions, with a task that shows results.
func withResults(sessions func(s *suite, p *probe) (one, two, third session)) func(*suite) error {
	return func(s *suite) error {
		p, err := s.results()
		return s.probed(p, err, noResults, sessions)
	}
}

// withPrevious is withResults for a task that shows previous results.
func withPrevious(sessions func(s *suite, p *probe) (one, two, third session)) func(*suite) error {
	return func(s *suite) error {
		p, err := s.previous()
		return s.probed(p, err, noPrevious, sessions)
	}
}

func (s *suite) probed(p *probe, err error, invisible string, sessions func(s *suite, p *probe) (one, two, third session)) error {
	switch {
	case s.hello == nil:
		return unseen(noHello)
	case err != nil:
		return err
	case p == nil:
		return unseen(invisible)
	}
	one, two, third := sessions(s, p)
	return s.equal(one, two, third, invisible)
}

// seen is a session in which a task is shown results, and the same previous ones.
func (s *suite) seen(p *probe, shown []events.TaskResult) session {
	return session{s.tick(0, nil, p.a...), s.tick(1, p.tasks, shown...)}
}

// resultsSeen: the first two sessions are the same.
func resultsSeen(s *suite, p *probe) (one, two, third session) {
	return s.seen(p, p.a), s.seen(p, p.a), s.seen(p, p.b)
}

// resultsRows tells the results with one row, and asks in the next.
func resultsRows(s *suite, p *probe) (one, two, third session) {
	rows := session{s.tick(0, nil, p.a...), s.tick(1, nil, p.a[:1]...), s.tick(1, nil, p.a[1:]...), s.tick(1, p.tasks)}
	return s.seen(p, p.a), rows, s.seen(p, p.b)
}

// resultsReplaced tells results twice in a tick: the second ones count.
func resultsReplaced(s *suite, p *probe) (one, two, third session) {
	twice := session{s.tick(0, nil, p.a...), s.tick(1, nil, p.a...), s.tick(1, p.tasks, p.b...)}
	return s.seen(p, p.b), twice, s.seen(p, p.a)
}

// resultsForgotten: those of the tick before are not those of this one. What is told in
// between leaves the same previous results.
func resultsForgotten(s *suite, p *probe) (one, two, third session) {
	return session{s.tick(2, p.tasks)},
		session{s.tick(0, nil, p.a...), s.tick(1, nil), s.tick(2, p.tasks)},
		session{s.tick(2, p.tasks, p.a...)}
}

func previousSeen(s *suite, p *probe) (one, two, third session) {
	one = session{s.tick(1, nil, p.a...), s.tick(2, p.tasks, p.a...)}
	return one, one, session{s.tick(1, nil, p.b...), s.tick(2, p.tasks, p.a...)}
}

// previousComplete tells the results of a tick in several messages, and some twice.
func previousComplete(s *suite, p *probe) (one, two, third session) {
	return session{s.tick(1, nil, p.b...), s.tick(2, p.tasks, p.a...)},
		session{s.tick(1, nil, p.a...), s.tick(1, nil, p.b...), s.tick(1, nil), s.tick(2, p.tasks, p.a...)},
		session{s.tick(1, nil, p.a...), s.tick(2, p.tasks, p.a...)}
}

// previousForgotten: what was told two ticks ago is not there any more.
func previousForgotten(s *suite, p *probe) (one, two, third session) {
	return session{s.tick(2, p.tasks, p.a...)},
		session{s.tick(0, nil, p.b...), s.tick(1, nil), s.tick(2, p.tasks, p.a...)},
		session{s.tick(1, nil, p.b...), s.tick(2, p.tasks, p.a...)}
}

// previousRows: a second row of the tick sees the same previous results.
func previousRows(s *suite, p *probe) (one, two, third session) {
	return session{s.tick(1, nil, p.b...), s.tick(2, p.tasks, p.a...)},
		session{s.tick(1, nil, p.b...), s.tick(2, nil, p.a...), s.tick(2, p.tasks)},
		session{s.tick(2, p.tasks, p.a...)}
}

// previousShadow: results of the shadow lane do not become previous ones.
func previousShadow(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	if len(s.shadow) == 0 {
		return unseen(noShadow)
	}
	p, err := s.seesPrevious(s.shadow)
	return s.probed(p, err, noPrevious, func(s *suite, p *probe) (one, two, third session) {
		var shadow []events.TaskResult
		for _, r := range p.b {
			r.Lane = events.Shadow
			shadow = append(shadow, r)
		}
		return session{s.tick(2, p.tasks, p.a...)},
			session{s.tick(1, nil, shadow...), s.tick(2, p.tasks, p.a...)},
			session{s.tick(1, nil, p.b...), s.tick(2, p.tasks, p.a...)}
	})
}

// resultsOfAllKinds tells results of all statuses and types.
func resultsOfAllKinds(s *suite) error {
	results := []events.TaskResult{
		told("ers:null", canon.Null), told("ers:true", "true"), told("ers:int", "-1"), told("ers:float", "1.5"),
		told("ers:text", `"\"\\\u0000\n"`), told("ers:list", `[[],{},""]`), told("ers:object", `{"":{"a":[null]}}`),
		{Name: "ers:skipped", Status: events.SkippedBudget, Value: canon.Null},
		{Name: "ers:failed", Status: events.Error, Value: canon.Null, Error: "ValueError: no\nline 2"},
		{Name: "ers:none", Status: events.NotComputable, Value: canon.Null, Error: "no data"},
		{Name: "ers:silent", Status: events.Error, Value: canon.Null},
	}
	_, err := s.play(s.tick(0, s.tasks, results...), s.tick(1, s.tasks, results...), s.tick(2, s.tasks))
	return err
}

// changed is what a rule makes of a worker's results, in these checks.
const changed canon.Value = `"ers: changed by a rule"`

// ownReplaced tells the worker that its own result came to be another value.
func ownReplaced(s *suite) error {
	if len(s.tasks) < 2 {
		return s.few()
	}
	first, rest := s.tasks[:1], s.tasks[1:]
	answers, err := s.play(s.tick(0, s.tasks), s.tick(1, first))
	if err != nil {
		return err
	}
	was := s.asTold(&answers[0])
	before := s.tick(0, s.tasks)
	return s.equal(
		session{before, s.tick(1, first), s.tick(1, rest)},
		session{before, s.tick(1, first), s.tick(1, rest, was)},
		session{before, s.tick(1, first), s.tick(1, rest, events.TaskResult{Name: was.Name, Lane: was.Lane, Value: changed})},
		"what its other tasks return does not depend on its first one")
}

// ownPrevious: in the next tick the worker's own results are previous ones, unless ERS
// has told that they came to be others.
func ownPrevious(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	if len(s.tasks) == 0 || s.lane(s.tasks[0]) == events.Shadow {
		return unseen("it has no task in the forecast lane")
	}
	answers, err := s.play(s.tick(0, s.tasks))
	if err != nil {
		return err
	}
	var same, others []events.TaskResult
	for _, a := range answers {
		r := s.asTold(&a)
		same = append(same, r)
		others = append(others, events.TaskResult{Name: r.Name, Lane: r.Lane, Value: changed})
	}
	return s.equal(
		session{s.tick(0, s.tasks), s.tick(1, s.tasks)},
		session{s.tick(0, s.tasks), s.tick(0, nil, same...), s.tick(1, s.tasks)},
		session{s.tick(0, s.tasks), s.tick(0, nil, others...), s.tick(1, s.tasks)}, noPrevious)
}

// few says why a check that wants two tasks cannot be made.
func (s *suite) few() error {
	if s.hello == nil {
		return unseen(noHello)
	}
	return unseen(oneTask)
}

// contextNew: the context of a message is that of its tick, also when others came before.
func contextNew(s *suite) error {
	with := func(n int64, c canon.Value, tasks []string) worker.Tick {
		return worker.Tick{Tick: n, Context: c, Tasks: tasks}
	}
	return s.equal(
		session{with(1, "{}", s.tasks)},
		session{with(0, s.context(0), nil), with(1, "{}", s.tasks)},
		session{with(1, s.context(0), s.tasks)}, noContext)
}
