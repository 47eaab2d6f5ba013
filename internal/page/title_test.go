package page

import (
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// TestHiddenTab tells in the title of a tab that nobody looks at of what fails meanwhile, but
// not of drills.
func TestHiddenTab(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.tell("before", events.Fail, nil)
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".windows", "before")
	hide := func(hidden string) {
		eval[any](p, `(() => { Object.defineProperty(document, "hidden", { value: `+hidden+`, configurable: true }); document.dispatchEvent(new Event("visibilitychange")); })()`)
	}
	eval[any](p, `(window.looked = 0, window.ask = fetch, window.fetch = (...x) => ask(...x).finally(() => looked++))`)
	hide("true")
	p.until(`looked > 0`)
	s.tell("during", events.Pass, nil)
	s.tell("during", events.Fail, func(v *events.Verdict) { v.Drill = drill(1, 0, "odd", "extra") })
	s.tell("during", events.Fail, nil)
	s.tell("during", events.Fail, nil)
	p.until(`document.title === "✕ 2 failed · Windows · ERS"`)
	hide("false")
	p.until(`document.title === "Windows · ERS"`)
}
