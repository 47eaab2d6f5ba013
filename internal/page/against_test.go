package page

import (
	"fmt"
	"testing"
)

// TestAgainst holds a window that fails against the last one that passed, and finds what
// changed: the definition, the budget, and the first value.
func TestAgainst(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	const text = `name: changing
runs: 3
ticks: 4
budget: {forecast: {ops: %d}, shadow: {ops: 1}}
tasks:
  - {name: double, lane: forecast, starlark: "def run(ctx): return {'n': %s, 'same': 1}"}
`
	passed := s.judged(file(t, fmt.Sprintf(text, 5, "2 * ctx.tick")), nil)
	s.judged(file(t, fmt.Sprintf(text, 5, "2 * ctx.tick")), drill(1, 1, "double", "value"))
	failed := s.judged(file(t, fmt.Sprintf(text, 6, "3 * ctx.tick")), drill(2, 3, "double", "status"))
	p := newTab(t, s, desktop)
	p.open(fmt.Sprintf("/window/%d", failed))
	p.see("h2", "First difference")
	p.click(fmt.Sprintf(`a[href="#/window/%d/against/%d"]`, failed, passed))
	p.see("h1", fmt.Sprintf("Window %d against window %d", failed, passed))
	p.see("li", "runs 0, 1: not equal to window 1")
	p.see("section", "run 2 of window 3: 3 ticks of 4 differ, the first is tick 1")
	p.see(".side.expected .head", "window 1, run 0")
	p.see(".side.expected mark", "2")
	p.see(".side.found mark", "3")
	p.see(".fields tr.differs", "forecast budget")
	p.see(".fields tr.same", "contexts")
	p.see("h2", "What changed in the definition")
	p.see(".fields mark", "3")
	again := s.judged(file(t, fmt.Sprintf(text, 5, "2 * ctx.tick")), nil)
	p.open(fmt.Sprintf("/window/%d/against/%d", again, passed))
	p.see("li", "runs 0–2: equal to window 1 to the byte")
	p.see(".note.good", "are equal to the byte in 4 ticks")
	p.quiet = true // the answer 400 stands in the console
	p.open(fmt.Sprintf("/window/%d/against/99", again))
	p.see(".empty", "There is no window 99 on this server to compare with.")
}
