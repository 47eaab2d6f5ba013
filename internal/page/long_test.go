package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
)

// TestLong opens a window of many ticks. It fails only on what is hopeless; how long
// it took is in its log.
func TestLong(t *testing.T) { // alone, since it measures
	s := newPage(t, bustest.Open(t))
	s.serve(judge)
	const odd = longTicks*54/100 + 321
	m := &made{runs: 2, ticks: longTicks, covers: 1000, value: func(run int, tick int64) canon.Value {
		if run == 1 && tick == odd {
			return "2"
		}
		return "1"
	}}
	m.hashed = m.ticks
	began := time.Now()
	w := m.write(t.Context(), t, s.bus)
	t.Logf("wrote %d ticks in %s", longTicks, time.Since(began).Round(time.Millisecond))
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".windows", "run 1 differs")
	t.Logf("judged after %s", time.Since(began).Round(time.Millisecond))
	for _, v := range []struct{ path, shown string }{{"", ".verdict.fail"}, {"/run/1", ".about table, .about .hint"}, {"/compare/0/1", ".sides"}} {
		p.open("/")
		p.see(".windows", "run 1 differs")
		eval[any](p, fmt.Sprintf(`new Promise((done) => {
			window.began = performance.now();
			location.hash = "#/window/%d%s";
			const first = () => document.querySelector(%q) ? done(window.first = performance.now() - began) : requestAnimationFrame(first);
			first();
		})`, w.Window, v.path, v.shown))
		p.gridDrawn()
		first, all := eval[float64](p, `first`), eval[float64](p, `performance.now() - began`)
		t.Logf("%-14s first paint after %.0f ms, every tick after %.0f ms", "view "+v.path, first, all)
		if first > 20_000 {
			t.Errorf("view %q hangs", v.path)
		}
	}
	p.open(fmt.Sprintf("/window/%d", w.Window))
	p.see(".verdict", "run 1 differs")
	p.gridDrawn()
	p.see(".range", "ticks 0 to 9")
	if nodes := eval[int](p, `document.querySelectorAll("*").length`); nodes > 1000 {
		t.Errorf("%d elements", nodes)
	}
	p.show("long")
	p.keys("n")
	p.see(".chosen", "group B")
	eval[any](p, `document.querySelector('[role="grid"]').focus()`)
	for range 8 {
		if eval[bool](p, `location.hash.includes("/tick/")`) {
			break
		}
		before := eval[string](p, `location.hash`)
		p.keys(kb.Enter)
		p.until(fmt.Sprintf(`location.hash !== %q`, before))
		if eval[bool](p, `location.hash.includes("/tick/")`) {
			break
		}
		p.gridDrawn()
		p.keys("n")
		p.until(`document.querySelector(".chosen").textContent.includes("group B")`)
	}
	p.until(fmt.Sprintf(`location.hash === "#/window/%d/run/1/tick/%d" && document.querySelector("h1")?.textContent.includes("of run 1")`, w.Window, odd))
}

// TestLanes sees in a window of many ticks what its tasks came to, and zooms in on what was
// not computed.
func TestLanes(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	f := several(t)
	for _, one := range f.Each() {
		s.judged(one, nil)
	}
	p := newTab(t, s, desktop)
	p.open("/window/1")
	p.see(".verdict", "all 2 runs are equal")
	p.gridDrawn()
	eval[any](p, `document.querySelector(".lanes").scrollIntoView()`)
	p.see(".lanes h2", "Lanes and tasks of run 0")
	p.see(".lanes .range", " in a cell")
	all := eval[string](p, `document.querySelector(".lanes .range").textContent`)
	p.see(".lanes .counts", "dear")
	row := func(task string) string {
		return eval[string](p, fmt.Sprintf(`[...[...document.querySelectorAll(".lanes .counts tbody tr")].find((r) => r.firstChild.textContent === %q).cells].map((c) => c.textContent.replace(/\s/g, "")).join(" ")`, task))
	}
	for task, want := range map[string]string{"dear": "dear forecast 0 10000 0 0", "late": "late forecast 9997 0 3 0", "watch": "watch shadow 10000 0 0 0"} {
		if got := row(task); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	eval[any](p, `scrollTo(0, 0)`)
	p.show("lanes")
	before := eval[string](p, `location.hash`)
	eval[any](p, `document.querySelector('.lanes [role="grid"]').focus()`)
	p.keys("n")
	p.see(".lanes .chosen", "skipped: its lane could not afford it")
	p.keys(kb.ArrowDown, kb.ArrowUp, "+")
	p.until(fmt.Sprintf(`document.querySelector(".lanes .range").textContent !== %q`, all))
	if now := eval[string](p, `location.hash`); now != before {
		t.Errorf("the address is %s now, it was %s", now, before)
	}
	if now := eval[string](p, `document.querySelector(".range").textContent`); now != all {
		t.Errorf("the grid of the runs shows %s now, it was %s", now, all)
	}
	for _, text := range eval[[]string](p, unnamed) {
		t.Errorf("without a name: %s", text)
	}
	p.open("/window/2")
	p.see(".facts", "nominal: forecast 80 ops")
	eval[any](p, `document.querySelector(".lanes").scrollIntoView()`)
	p.see(".lanes .counts", "dear")
	if got := row("late"); got != "late forecast 0 10000 0 0" {
		t.Errorf("%s", got)
	}
	p.open("/window/2/run/1")
	p.see("header.run h1", "Run 1")
	p.gridDrawn()
	p.see(".about", "late")
}
