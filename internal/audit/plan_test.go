package audit

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Records that agree in themselves, but not with the definition, the budgets or the
// contexts that their request names.
func TestContraryToRequest(t *testing.T) {
	t.Parallel()
	// In each run the tick 6 is changed before it is hashed.
	ticks := func(change func(t *events.Tick)) func(s *script) {
		return func(s *script) {
			s.ticks = func(_ int, ticks []events.Tick) { change(&ticks[1]) }
		}
	}
	event := func(i int, change func(e *events.TraceEvent)) func(s *script) {
		return ticks(func(t *events.Tick) {
			change(&t.Events[i])
			t.Results[i].Name, t.Results[i].Status, t.Results[i].Lane = t.Events[i].Task, t.Events[i].Status, t.Events[i].Lane
		})
	}
	definition := func(old, new string) func(s *script) {
		return func(s *script) { s.definition = strings.ReplaceAll(s.definition, old, new) }
	}
	request := func(change func(q *events.WindowRequest)) func(s *script) {
		return func(s *script) { s.request = change }
	}
	// at finds the same in each run: at the frame of an event.
	at := func(tick, event int64, message string) func(s *script) []want {
		return func(s *script) (list []want) {
			for run := range 3 {
				list = append(list, want{Contradiction, onTrace, s.frameOf(run, tick, event), run, tick, false, message})
			}
			return list
		}
	}
	window := func(message string, more func(s *script) []want) func(s *script) []want {
		return func(s *script) []want {
			return append([]want{{Contradiction, onWindow, s.id, -1, -1, false, message}}, more(s)...)
		}
	}
	checkForgeries(t, []forgery{
		{"name", event(1, func(e *events.TraceEvent) { e.Task = "other" }), at(6, 1, `event 1: task "other" has its turn where the definition has "filter"`)},
		{"lane", event(2, func(e *events.TraceEvent) { e.Lane = events.Forecast }), at(6, 2, `task "audit" is in lane forecast, by the definition it is in shadow`)},
		{"lane order", event(0, func(e *events.TraceEvent) { e.Lane = events.Shadow }), at(6, 0, `task "ingest" is in lane shadow`)},
		{"ops", event(1, func(e *events.TraceEvent) { e.CostOps = 3 }), at(6, 1, `task "filter" costs 3 ops and 1 entropy, by the definition 2 and 1`)},
		{"entropy", event(4, func(e *events.TraceEvent) { e.CostEntropy = 0 }), at(6, 4, `task "post" costs 2 ops and 0 entropy`)},
		{"tags", event(1, func(e *events.TraceEvent) { e.Meta = `{"tags":["io"]}` }), at(6, 1, `task "filter" has meta {"tags":["io"]}, it must be {"tags":[]}`)},
		{"reason", event(3, func(e *events.TraceEvent) { e.Meta = `{"reason":"none"}` }), at(6, 3, `task "report" has meta`)},
		{"order", ticks(func(t *events.Tick) {
			t.Events[0], t.Events[1] = t.Events[1], t.Events[0]
			t.Results[0], t.Results[1] = t.Results[1], t.Results[0]
		}), at(6, 0, `task "filter" has its turn where the definition has "ingest"`)},
		{"one less", ticks(func(t *events.Tick) { t.Events, t.Results = t.Events[:4], t.Results[:4] }), at(6, 3, `task "post" has no turn in the tick`)},
		{"one more", ticks(func(t *events.Tick) {
			t.Events, t.Results = append(t.Events, t.Events[4]), append(t.Results, t.Results[4])
		}), at(6, 5, `task "post" has its turn after all 5 of the definition`)},
		{"skipped with a value", ticks(func(t *events.Tick) { t.Results[3].Value = "1" }), at(6, 3, `task "report" is skipped_budget and has a value`)},
		{"not skipped", event(3, func(e *events.TraceEvent) { e.Status, e.Meta = events.OK, `{"tags":[]}` }), at(6, 3, `task "report" is not skipped, although its lane has only 4 ops`)},
		{"skipped", event(4, func(e *events.TraceEvent) { e.Status, e.Meta = events.SkippedBudget, `{"reason":"budget"}` }), at(6, 4, `task "post" is skipped, although its lane has 4 ops`)},
		{"budget lowered", request(func(q *events.WindowRequest) { q.Budget.Forecast.Ops = 3 }), at(5, 1, `task "filter" is not skipped, although its lane has only 1 ops`)},
		{"budget raised", request(func(q *events.WindowRequest) { q.Budget.Shadow.Ops = 1000 }), at(5, 3, `task "report" is skipped, although its lane has 998 ops`)},
		{"no budget", request(func(q *events.WindowRequest) { q.Budget = events.Budgets{} }), at(5, 0, `task "ingest" is not skipped, although its lane has only 0 ops`)},
		{"priority in the definition", definition(`"priority":0`, `"priority":9`), at(5, 0, `task "ingest" has its turn where the definition has "filter"`)},
		{"cost in the definition", definition(`"ops":5`, `"ops":4`), at(5, 3, `task "report" costs 5 ops`)},
		{"another definition", definition(`"name":"post"`, `"name":"past"`), at(5, 4, `task "post" has its turn where the definition has "past"`)},
		{"definition of another kind", definition(`"kind":"starlark"`, `"kind":"go"`), window(`it is a definition of kind "go", and the window is of kind starlark`, func(*script) []want { return nil })},
		{"definition of another pipeline", definition(`"name":"demo"`, `"name":"other"`), window(`the definition of the window: it is the definition of a pipeline "other"`, func(*script) []want { return nil })},
		{"definition of another version", definition(`ers.definition.v2`, `ers.definition.v9`), window(`its schema is "ers.definition.v9"`, func(*script) []want { return nil })},
		{"no definition", func(s *script) { s.definition = "an object" }, window("invalid character", func(*script) []want { return nil })},
		{"too few contexts", func(s *script) {
			s.request = func(q *events.WindowRequest) { q.ContextsSHA256 = s.put("{}\n{}\n{}\n") }
		}, at(8, 0, "the 4th tick of a run, but there are contexts for 3")},
	})
}

// frameOf returns the frame of an event.
func (s *script) frameOf(run int, tick, event int64) uint64 {
	s.t.Helper()
	for _, seq := range s.frameSeqs[run] {
		m, err := s.bus.Get(s.t.Context(), onTrace, seq)
		s.must(err)
		var f frame
		s.must(f.read(m.Data))
		if f.tick == tick && f.first <= event && event < f.first+int64(len(f.entries)) {
			return seq
		}
	}
	s.t.Fatalf("no frame of event %d of tick %d", event, tick)
	return 0
}

// Definitions of every kind say which tasks a tick has.
func TestContraryInEachKind(t *testing.T) {
	for _, kind := range readableKinds {
		of := func(more func(s *script)) func(s *script) {
			return func(s *script) {
				if kind != here {
					s.definition = strings.Replace(s.definition, `"kind":"starlark"`, `"kind":"`+kind+`"`, 1)
				}
				s.request = func(q *events.WindowRequest) { q.Kind = kind }
				more(s)
			}
		}
		dearer := func(s *script) {
			s.ticks = func(_ int, ticks []events.Tick) { ticks[1].Events[1].CostOps = 3 }
		}
		checkForgeries(t, []forgery{
			{kind, of(func(*script) {}), func(*script) []want { return nil }},
			{kind + " at another cost", of(dearer), func(s *script) (list []want) {
				for run := range 3 {
					list = append(list, want{Contradiction, onTrace, s.frameOf(run, 6, 1), run, 6, false, `task "filter" costs 3 ops and 1 entropy, by the definition 2 and 1`})
				}
				return list
			}},
		})
	}
}

// A drill falsifies one event. That alone is let pass.
func TestContraryBesideDrill(t *testing.T) {
	drilled := func(change func(t *events.Tick)) func(s *script) {
		return func(s *script) {
			s.request = func(q *events.WindowRequest) {
				q.Drill = &events.Drill{Run: 1, Tick: 6, Task: "filter", Kind: "cost"}
			}
			s.ticks = func(run int, ticks []events.Tick) {
				if run == 1 {
					change(&ticks[1])
				}
			}
		}
	}
	at := func(event int64, message string) func(s *script) []want {
		return func(s *script) []want {
			return []want{{Contradiction, onTrace, s.frameOf(1, 6, event), 1, 6, false, message}}
		}
	}
	none := func(*script) []want { return nil }
	without := func(i int) func(t *events.Tick) {
		return func(t *events.Tick) {
			t.Events, t.Results = slices.Delete(t.Events, i, i+1), slices.Delete(t.Results, i, i+1)
		}
	}
	checkForgeries(t, []forgery{
		{"as ordered", drilled(func(t *events.Tick) { t.Events[1].CostOps++ }), none},
		{"missing", drilled(without(1)), none},
		{"another missing", drilled(without(0)), at(1, `task "audit" has its turn where the definition has "ingest"`)},
		{"another falsified too", drilled(func(t *events.Tick) { t.Events[4].Meta = canon.Value(`{"tags":["x"]}`) }), at(4, `task "post" has meta`)},
	})
}
