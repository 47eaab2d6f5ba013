package page

import (
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/vary"
)

// TestVariations opens a failure that the time zone makes, and finds what was varied at the
// runs, and the time zone suspected.
func TestVariations(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	window := s.judged(file(t, `name: zone
budget: {forecast: {ops: 1}, shadow: {ops: 1}}
variations: [tz, umask, user]
tasks:
  - {name: hour, lane: forecast, command: {run: [sh, -c, 'echo "$TZ"'], env: {USER: nobody}}}
`), nil)
	p := newTab(t, s, desktop)
	p.open(fmt.Sprintf("/window/%d", window))
	p.see(".suspects", "It differs when tz varies: in all 6 runs that have another one, and in no other.")
	p.see(".variations .suspect", "tz")
	p.see(".variations", "the definition sets USER")
	p.gridDrawn()
	for run := range 12 {
		p.open(fmt.Sprintf("/window/%d?row=%d&at=0", window, run))
		p.see(".chosen .what", fmt.Sprintf("run %d, tick 0", run))
		varied := "a plain run: nothing is varied; not as planned: user"
		zone, umask := vary.Varied(vary.TZ, int64(run)), vary.Varied(vary.Umask, int64(run))
		switch {
		case zone && umask:
			varied = "varied in this run: tz, umask"
		case zone:
			varied = "varied in this run: tz;"
		case umask:
			varied = "varied in this run: umask;"
		}
		p.see(".chosen .varied", varied)
		if cell := eval[string](p, `document.querySelector("[role=gridcell]").textContent`); zone != (cell[:len(fmt.Sprintf("run %d (tz)", run))] == fmt.Sprintf("run %d (tz)", run)) {
			t.Errorf("the row says %q", cell)
		}
	}
	p.open(fmt.Sprintf("/window/%d/failure", window))
	p.see(".suspects", "It differs when tz varies")
	p.see(".variations .suspect", "tz")
}
