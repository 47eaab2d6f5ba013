package page

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// TestShadowOff opens a window with runs without shadow tasks, which are no outliers although
// their traces differ, and one in which a shadow task reaches the forecast lane.
func TestShadowOff(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	p := newTab(t, s, desktop)
	window := func(signal string) uint64 {
		return s.judged(file(t, fmt.Sprintf(`name: lanes
ticks: 2
shadow_check: true
budget: {forecast: {ops: 1}, shadow: {ops: 1}}
tasks:
  - {name: signal, lane: forecast, command: {run: [sh, -c, %q], env: {STATE: %q}}}
  - {name: leak, lane: shadow, command: {run: [sh, -c, 'tick=$(sed "s/.*\"tick\":\([0-9]*\).*/\1/"); touch "$STATE/$tick"'], env: {STATE: %[2]q}}}
`, signal, t.TempDir())), nil)
	}

	clean := window("echo 1")
	p.open(fmt.Sprintf("/window/%d", clean))
	p.see("table.groups", "without shadow task leak")
	p.see("table.groups", "its forecast lane is equal to that of A")
	p.open(fmt.Sprintf("/window/%d/run/12", clean))
	p.see("header.run", "Its forecast lane is equal to that of the largest group. It is made without shadow task leak.")

	leaky := window(`tick=$(sed 's/.*"tick":\([0-9]*\).*/\1/'); test -e "$STATE/$((tick - 1))" && echo 2 || echo 1`)
	p.open(fmt.Sprintf("/window/%d", leaky))
	p.see(".note", "The difference goes with leak")
	p.open(fmt.Sprintf("/window/%d/failure", leaky))
	p.see(".place .kind", string(events.KindInterference))
	p.see(".note", "The difference goes with leak")
	var html bytes.Buffer
	if err := ExportHTML(t.Context(), s.bus, leaky, &html); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(html.String(), "The difference goes with leak") {
		t.Error("the exported page does not name the shadow task")
	}
}
