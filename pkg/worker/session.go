package worker

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Session is what ERS knows of a process: what it was told and what it answered. With it
// the tasks of the process see exactly what tasks see in a scheduler, whoever runs the
// others. The zero Session is that of a process that has just said hello.
type Session struct {
	begun   bool
	tick    int64    // of the last message
	told    int      // how many results of that tick the process knows
	answers []Result // its own since the last message: they are results behind these
	news    []events.TaskResult
}

// Row is what a process is to run next, and what there is to be seen.
type Row struct {
	Tick    int64
	Context canon.Value

	// Previous are all results of the forecast lane in the tick before, nil in a run's
	// first tick. Results are all results of this tick so far, those of the process among
	// them as they came to be: with another value when a rule has changed it. Both are in
	// the order of the tick. A process of the forecast lane is shown no shadow results.
	Previous, Results []events.TaskResult

	// Tasks are the names of tasks that stand behind Results in the tick, one after the
	// other. A row ends behind a task that has a rule: the next one must see what the
	// rule makes of its value.
	Tasks []string
}

// AppendRow appends what the process must read before it answers for the tasks of a row.
// That may be two messages: where it has not heard all of the tick before, one without
// tasks comes first. On error dst is returned as it was, and the session cannot be
// used any more.
func (s *Session) AppendRow(dst []byte, row *Row) ([]byte, error) {
	out := dst
	if !s.begun || s.tick != row.Tick {
		var err error
		if out, err = s.appendRest(out, row); err != nil {
			return dst, err
		}
		s.begun, s.tick, s.told, s.answers = true, row.Tick, 0, s.answers[:0]
	}
	out, err := AppendTick(out, &Tick{row.Tick, row.Context, s.unknown(row.Results), row.Tasks})
	if err != nil {
		return dst, err
	}
	s.told, s.answers = len(row.Results), s.answers[:0]
	return out, nil
}

// Again says that the process is to forget what it was told and answered: the next row is
// told whole, whatever its tick.
func (s *Session) Again() {
	const none = -2 // no tick, and before none
	s.tick, s.told, s.answers = none, 0, s.answers[:0]
}

// appendRest tells what the process does not know of the tick before. One that was told
// nothing of that tick is told in any case, so that it does not take an older tick for
// the one before.
func (s *Session) appendRest(dst []byte, row *Row) ([]byte, error) {
	missed := s.tick != row.Tick-1
	if missed {
		s.told, s.answers = 0, s.answers[:0]
	}
	rest := s.unknown(row.Previous)
	if len(rest) == 0 && !(s.begun && missed) {
		return dst, nil
	}
	before := row.Tick - 1
	if before < 0 { // after Again: any other tick makes the process forget
		before = 1
	}
	return AppendTick(dst, &Tick{before, "{}", rest, nil})
}

// unknown returns those of results that the process does not know as they are.
func (s *Session) unknown(results []events.TaskResult) []events.TaskResult {
	s.news = s.news[:0]
	own := s.answers
	for _, r := range results[min(s.told, len(results)):] {
		if len(own) > 0 && own[0].Task == r.Name {
			same := own[0].Status == r.Status && own[0].Value == r.Value && own[0].Error == r.Error
			if own = own[1:]; same {
				continue
			}
		}
		s.news = append(s.news, r)
	}
	return s.news
}

// Answered notes an answer of the process, in the order of the row.
func (s *Session) Answered(r *Result) { s.answers = append(s.answers, *r) }
