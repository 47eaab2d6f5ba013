package workertest

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// session is what a process is asked, one message after the other. The answers to the
// last message are what counts.
type session []worker.Tick

// equal wants that two sessions end alike. It is seen only when a third one, in which
// what matters is another, ends otherwise than the first.
func (s *suite) equal(one, two, other session, invisible string) error {
	want, err := s.play(one...)
	if err != nil {
		return err
	}
	got, err := s.play(two...)
	if err != nil {
		return err
	}
	if d := differ(want, got); d != "" {
		return fmt.Errorf("%s", d)
	}
	else_, err := s.play(other...)
	if err != nil {
		return err
	}
	if differ(want, else_) == "" {
		return unseen(invisible)
	}
	return nil
}

// shows wants that two sessions end differently; that they do not says nothing.
func (s *suite) shows(one, two session, invisible string) error {
	return s.equal(one, one, two, invisible)
}

const (
	noResults  = "what its tasks return does not depend on the results of other tasks"
	noPrevious = "what its tasks return does not depend on the results of the previous tick"
)

// other is a name that no task of the worker has.
const other = "ers:other"

func (s *suite) resultsSeen() (one, two session) {
	return session{s.tick(0, s.tasks, told(other, "1"))}, session{s.tick(0, s.tasks, told(other, "2"))}
}

func resultsSeen(s *suite) error {
	one, two := s.resultsSeen()
	return s.shows(one, two, noResults)
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

// resultsReplaced tells a result twice in a tick: the second one counts.
func resultsReplaced(s *suite) error {
	after := told("ers:after", "0")
	return s.equal(
		session{s.tick(0, s.tasks, told(other, "2"), after)},
		session{s.tick(0, nil, told(other, "1"), after), s.tick(0, s.tasks, told(other, "2"))},
		session{s.tick(0, s.tasks, told(other, "1"), after)}, noResults)
}

// ownReplaced tells the worker that its own result came to be another value.
func ownReplaced(s *suite) error {
	if len(s.tasks) < 2 {
		return unseen("there is no second task that could see the first one's result")
	}
	first, rest := s.tasks[:1], s.tasks[1:]
	answers, err := s.play(s.tick(0, first))
	if err != nil {
		return err
	}
	lane := events.Forecast
	if s.tasks[0] == firstOf(s.shadow) {
		lane = events.Shadow
	}
	was := events.TaskResult{Name: first[0], Lane: lane, Status: answers[0].Status, Value: answers[0].Value, Error: answers[0].Error}
	changed := events.TaskResult{Name: first[0], Lane: lane, Value: `"ers: changed by a rule"`}
	return s.equal(
		session{s.tick(0, first), s.tick(0, rest)},
		session{s.tick(0, first), s.tick(0, rest, was)},
		session{s.tick(0, first), s.tick(0, rest, changed)}, "what its other tasks return does not depend on its first one")
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func previousSeen(s *suite) error {
	return s.shows(
		session{s.tick(1, nil, told(other, "1")), s.tick(2, s.tasks)},
		session{s.tick(1, nil, told(other, "2")), s.tick(2, s.tasks)}, noPrevious)
}

// previousComplete tells the results of a tick in several messages.
func previousComplete(s *suite) error {
	a, b := told("ers:a", "1"), told("ers:b", "1")
	return s.equal(
		session{s.tick(1, nil, a, b), s.tick(2, s.tasks)},
		session{s.tick(1, nil, a), s.tick(1, nil, b), s.tick(2, s.tasks)},
		session{s.tick(1, nil, a), s.tick(2, s.tasks)}, noPrevious)
}

// previousForgotten: what was told two ticks ago is not there any more.
func previousForgotten(s *suite) error {
	return s.equal(
		session{s.tick(2, s.tasks)},
		session{s.tick(0, nil, told(other, "1")), s.tick(1, nil), s.tick(2, s.tasks)},
		session{s.tick(1, nil, told(other, "1")), s.tick(2, s.tasks)}, noPrevious)
}

// resultsForgotten: the results of the tick before are not those of this one.
func resultsForgotten(s *suite) error {
	return s.equal(
		session{s.tick(1, nil, told(other, "1")), s.tick(2, s.tasks, told(other, "3"))},
		session{s.tick(0, nil, told(other, "2")), s.tick(1, nil, told(other, "1")), s.tick(2, s.tasks, told(other, "3"))},
		session{s.tick(1, nil, told(other, "1")), s.tick(2, s.tasks)}, noResults)
}

// shadowNotPrevious: results of the shadow lane do not become previous ones.
func shadowNotPrevious(s *suite) error {
	if len(s.shadow) == 0 {
		return unseen("it has no task in the shadow lane")
	}
	shadow := told(other, "1")
	shadow.Lane = events.Shadow
	return s.equal(
		session{s.tick(2, s.shadow)},
		session{s.tick(1, nil, shadow), s.tick(2, s.shadow)},
		session{s.tick(1, nil, told(other, "1")), s.tick(2, s.shadow)}, noPrevious)
}

// contextNew: the context of a message is that of its tick, also when others came before.
func contextNew(s *suite) error {
	with := func(n int64, c canon.Value, tasks []string) worker.Tick {
		return worker.Tick{Tick: n, Context: c, Tasks: tasks}
	}
	filled := s.widened(`1`)
	return s.equal(
		session{with(1, "{}", s.tasks)},
		session{with(0, filled, nil), with(1, "{}", s.tasks)},
		session{with(1, filled, s.tasks)}, "what its tasks return does not depend on the context")
}

// widened is the first context with one more member, which shows where tasks return the
// context or count its members.
func (s *suite) widened(value canon.Value) canon.Value {
	members := map[string]canon.Value{}
	for name, member := range s.context(0).Members() {
		members[name] = member
	}
	members[echoed] = value
	v, err := canon.Of(members)
	if err != nil {
		return s.context(0)
	}
	return v
}

// inRow tells a result in a row of its own, then none: rows of one tick see it too.
func inRow(s *suite) error {
	if len(s.tasks) < 2 {
		return unseen("there is no second task")
	}
	first, rest := s.tasks[:1], s.tasks[1:]
	x := told(other, "1")
	return s.equal(
		session{s.tick(0, first, x), s.tick(0, rest)},
		session{s.tick(0, nil, x), s.tick(0, first), s.tick(0, rest)},
		session{s.tick(0, first, told(other, "2")), s.tick(0, rest)}, noResults)
}

// ownPrevious: in the next tick the worker's own results are previous ones, unless ERS
// has told that they came to be others.
func ownPrevious(s *suite) error {
	answers, err := s.play(s.tick(0, s.tasks))
	if err != nil {
		return err
	}
	lane := events.Forecast
	if s.tasks[0] == firstOf(s.shadow) {
		return unseen("it has no task in the forecast lane")
	}
	var same, changed []events.TaskResult
	for _, a := range answers {
		r := events.TaskResult{Name: a.Task, Lane: lane, Status: a.Status, Value: a.Value, Error: a.Error}
		same = append(same, r)
		r.Status, r.Value, r.Error = events.OK, `"ers: changed by a rule"`, ""
		changed = append(changed, r)
	}
	return s.equal(
		session{s.tick(0, s.tasks), s.tick(1, s.tasks)},
		session{s.tick(0, s.tasks), s.tick(0, nil, same...), s.tick(1, s.tasks)},
		session{s.tick(0, s.tasks), s.tick(0, nil, changed...), s.tick(1, s.tasks)}, noPrevious)
}
