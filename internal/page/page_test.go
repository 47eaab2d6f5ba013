package page

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service"
)

var pictures = flag.Bool("pictures", false, "write the pictures of docs/viz.md anew")

// show writes a picture of the page for docs/viz.md.
func (p *tab) show(name string) {
	p.t.Helper()
	if *pictures {
		p.picture(filepath.Join("../../docs/img", name+".png"))
	}
}

// TestFailureFound goes from the list to a failure as a newcomer would, by clicking.
func TestFailureFound(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	f := oracle(t)
	s.judged(f, nil)
	s.judged(f, drill(7, 1, "oracle:compress", "value"))
	s.judged(f, drill(1, 1, "nobody", "value"))
	s.judged(f, nil)
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".windows", "run 7 differs from the other 11")
	p.show("list")
	p.click(`[data-state="fail"] a`)
	p.see(".verdict .headline", "oracle:compress returned 337, not 336")
	p.see(".side.found mark", "7")
	p.gridDrawn()
	p.show("window")
	p.click("a.button")
	p.see(".fields .differs", "value")
	p.see(".fields .pointed mark", "7")
	p.see(".around .here", "oracle:compress")
	p.see("section", "run 7 shows it")
	p.see(".command pre", "ers submit -f examples/oracle/pipeline.yaml --drill run=7,tick=1,task=oracle:compress,kind=value")
	p.show("failure")
	p.click(".command .copy")
	p.until(`["Copied", "Not allowed"].includes(document.querySelector(".command .copy").textContent)`)
	p.click(`a[href="#/window/2/compare/0/7"]`)
	p.see("main", "1 tick of 9 compared differs, the first is tick 1")
	p.see(".around .differs", "oracle:compress")
	p.show("compare")
}

// TestKinds opens the failure of every kind that a drill can provoke, and other views
// of it.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	f := oracle(t)
	p := newTab(t, s, desktop)
	for _, kind := range events.DrillKinds {
		window := s.judged(f, drill(2, 3, "oracle:overlay", kind))
		p.open(fmt.Sprintf("/window/%d/failure", window))
		p.see(".verdict .headline", "tick 3")
		p.see(".place .kind", string(kind))
		p.until(`document.querySelectorAll(".fields tbody tr").length >= 7 && document.querySelector(".around .here")`)
		p.until(`document.querySelector(".fields .differs, .sides mark")`)
	}
	p.open("/window/1/run/2")
	p.see("header.run h1", "Run 2")
	p.gridDrawn()
	p.see(".about", "shadow:sei")
	p.show("run")
	p.open("/window/1/run/2/tick/3")
	p.see(".events .differs", "oracle:overlay")
	p.open("/search?q=overlay")
	p.see(".found", "The first to differ in")

}

// TestLive sees a window that is asked for while the list is open, and then while it is
// open itself.
func TestLive(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".empty", "No windows yet")
	p.see("#live", "live")
	first := s.submit(oracle(t), nil).Window
	p.see(fmt.Sprintf(`[data-window="%d"]`, first), "running")
	second := s.submit(oracle(t), drill(3, 2, "oracle:signal", "status")).Window
	p.see(fmt.Sprintf(`[data-window="%d"]`, second), "running")

	watching := newTab(t, s, desktop)
	watching.open(fmt.Sprintf("/window/%d", second))
	watching.see(".verdict", "under way")

	s.serve(service.Run)
	p.see(fmt.Sprintf(`[data-window="%d"][data-state="pass"]`, first), "all 12 runs are equal to the byte")
	p.see(fmt.Sprintf(`[data-window="%d"][data-state="fail"]`, second), "oracle:signal")
	watching.see(".verdict.fail", "run 3 differs")
	watching.see("section", "First difference")
}

// TestDisconnected uses a server elsewhere, which goes away and comes back.
func TestDisconnected(t *testing.T) {
	t.Parallel()
	server := bustest.NewServer(t)
	s := newPage(t, bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir = server.URL(), "" }))
	m := &made{runs: 2, ticks: 3, hashed: 3, covers: 3, value: func(int, int64) canon.Value { return "1" }}
	m.write(t.Context(), t, s.bus)
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".windows", "long")
	server.Stop()
	p.see("#notice", "lost its connection to NATS")
	p.see("#live", "not connected")
	p.quiet = true // the answers 503 stand in the console
	p.open("/window/1")
	p.see(".empty", "Not connected")
	server.Start()
	p.until(`document.querySelector("#live").dataset.state === "live"`)
	p.see(".verdict", "under way") // by itself
	p.open("/window/77")
	p.see(".empty", "There is no window 77 on this server.")
	p.see(".empty details", "ERS_WINDOW")
	p.open("/nowhere")
	p.see(".empty", "There is no page at")
}

// TestKeyboard does without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	window := s.judged(oracle(t), drill(7, 1, "oracle:compress", "value"))
	p := newTab(t, s, desktop)
	p.open(fmt.Sprintf("/window/%d", window))
	p.gridDrawn()
	p.keys("n")
	p.see(".chosen", "run 7, tick 1")
	p.see(".chosen", "group B, differs from A")
	p.keys(kb.Enter)
	p.see("h1", "Tick 1 of run 7")
	p.keys("u")
	p.see("h1", "Run 7")
	p.keys("u")
	p.see(".verdict", "run 7")
	p.gridDrawn()
	p.keys("n")
	p.keys(kb.ArrowDown, kb.ArrowRight)
	p.see(`[role="gridcell"]`, "run 8, tick 2: group A")
	p.until(`location.hash.includes("row=8") && location.hash.includes("at=2")`)
	p.keys(kb.Home, kb.ArrowUp, kb.ArrowRight, kb.Enter)
	p.see("h1", "Tick 1 of run 7")
	p.keys(kb.ArrowRight)
	p.see("h1", "Tick 2 of run 7")
	p.keys("u")
	p.see("h1", "Run 7")
	p.keys("u")
	p.see(".verdict", "run 7")
	p.keys("f")
	p.see("h2", "Events around it")
	p.keys("?")
	p.until(`document.querySelector("#keys").open`)
	p.keys(kb.Escape)
	p.until(`!document.querySelector("#keys").open`)
	p.keys("/")
	p.until(`document.activeElement.id === "q"`)
	p.keys(kb.Backspace, "a", "n", "a", "g", kb.Enter) // a driven browser types the slash, whatever the page says
	p.see(".found", "shadow:anagram")
	p.keys("t")
	p.until(`document.documentElement.dataset.theme === "light"`)
	p.keys("t")
	p.until(`document.documentElement.dataset.theme === "dark"`)
	p.keys("g")
	p.see(".windows", "oracle")
}

// TestEverywhere opens each view on a screen and on a phone, in the light and in the
// dark: nothing is wider than the screen, and all text can be read.
func TestEverywhere(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	f := oracle(t)
	window := s.judged(f, drill(7, 1, "oracle:compress", "value"))
	broken := s.judged(f, drill(1, 1, "nobody", "value"))
	base := fmt.Sprintf("/window/%d", window)
	for _, width := range []int64{desktop, phone} {
		p := newTab(t, s, width)
		for _, dark := range []bool{false, true} {
			p.dark(dark)
			for _, v := range []struct{ name, path, selector, text string }{
				{"list", "/", ".windows", "oracle"},
				{"pipeline", "/pipeline/oracle", "h1", "oracle"},
				{"window", base, ".groups", "run 7"},
				{"inconclusive", fmt.Sprintf("/window/%d", broken), ".problems", "nobody"},
				{"failure", base + "/failure", "h2", "Events around"},
				{"run", base + "/run/7", ".about", "shadow:sei"},
				{"tick", base + "/run/7/tick/1", ".events", "oracle:compress"},
				{"compare", base + "/compare/0/7", ".about", "Tick 1"},
				{"search", "/search?q=oracle", ".found", "oracle:compress"},
				{"nothing found", "/search?q=nowhere", ".empty", "nowhere"},
				{"no difference", fmt.Sprintf("/window/%d/failure", broken), "h1", "inconclusive"},
				{"no such state", "/?state=running", ".empty", "like that"},
				{"nowhere", "/nowhere", ".empty", "no page"},
			} {
				p.open(v.path)
				p.see(v.selector, v.text)
				if eval[bool](p, `document.querySelector('[role="grid"]') !== null`) {
					p.gridDrawn()
				}
				if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("%s is %d pixels wide on a screen of %d", v.name, wide, width)
				}
				for _, text := range eval[[]string](p, faint) {
					t.Errorf("%s, dark: %t: hard to read: %s", v.name, dark, text)
				}
				for _, text := range eval[[]string](p, unnamed) {
					t.Errorf("%s: without a name: %s", v.name, text)
				}
				if heads := eval[int](p, `[...document.querySelectorAll("main h1")].length`); heads != 1 {
					t.Errorf("%s has %d first headings", v.name, heads)
				}
				for _, table := range eval[[]string](p, `[...document.querySelectorAll("main *")].filter((e) => e.checkVisibility() && ["auto", "scroll"].includes(getComputedStyle(e).overflowX) && e.tabIndex < 0).map((e) => e.outerHTML.slice(0, 100))`) {
					t.Errorf("%s: no key scrolls %s", v.name, table)
				}
				if width == phone && !dark && v.name == "window" {
					p.show("phone")
				}
				if width == desktop && dark && v.name == "window" {
					p.show("dark")
				}
			}
		}
	}
}

// faint lists the texts with a contrast of less than 4.5 to what is behind them.
const faint = `(() => {
  const c = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (color) => { c.clearRect(0, 0, 1, 1); c.fillStyle = color; c.fillRect(0, 0, 1, 1); return c.getImageData(0, 0, 1, 1).data; };
  const light = (p) => { const [r, g, b] = [...p].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const p = rgba(getComputedStyle(e).backgroundColor); if (p[3] > 200) return p; } return [255, 255, 255]; };
  const found = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
    if (!text || !e.checkVisibility() || e.closest(".hidden, script")) continue;
    const [x, y] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    if (contrast < 4.5) found.add(contrast.toFixed(2) + " " + e.tagName + "." + e.className + " " + text.slice(0, 40));
  }
  return [...found];
})()`

// unnamed lists the controls that have no name for those who cannot see them.
const unnamed = `[...document.querySelectorAll("a, button, input, select, [role=grid], [role=progressbar], [role=img], pre[tabindex]")]
  .filter((e) => e.checkVisibility() && !e.getAttribute("aria-label") && !e.labels?.length && !e.textContent.trim()).map((e) => e.outerHTML.slice(0, 100))`

// TestExact reads JSON without changing what JavaScript's numbers cannot hold.
func TestExact(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".empty", "No windows yet")
	for text, want := range map[string]string{
		`1`: `1`, `1.0`: `"1.0"`, `9007199254740993`: `"9007199254740993"`, `-0.0`: `"-0.0"`, `1e+16`: `"1e+16"`, `NaN`: `"NaN"`, `-Infinity`: `"-Infinity"`,
		`"a\"b\\"`: `"a\"b\\"`, `[]`: `[]`, `{}`: `{}`, `[1,[2.50,"x"],{"a":null,"b":true}]`: `[1,[2.50,"x"],{"a":null,"b":true}]`,
	} {
		got := eval[string](p, fmt.Sprintf(`import("/js/exact.js").then((m) => JSON.stringify(m.parse(%q)))`, text))
		if want == text && text[0] == '[' && len(text) > 2 {
			want = `[1,["2.50","x"],{"a":null,"b":true}]`
		}
		if got != want {
			t.Errorf("%s is read as %s, not %s", text, got, want)
		}
	}
	for _, text := range []string{"", "[", "[1", `{"a"}`, `{"a":1`, "1 2", `"open`, "]"} {
		if eval[bool](p, fmt.Sprintf(`import("/js/exact.js").then((m) => { try { m.parse(%q); return true; } catch { return false; } })`, text)) {
			t.Errorf("%q is read", text)
		}
	}
}

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

// TestExportedPage opens an exported file as a browser does from a disk.
func TestExportedPage(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	window := s.judged(oracle(t), drill(7, 1, "oracle:compress", "value"))
	p := newTab(t, s, desktop)
	dir := t.TempDir()
	for name, write := range map[string]func(*os.File) error{
		"window.html": func(f *os.File) error { return ExportHTML(t.Context(), s.bus, window, f) },
		"window.svg":  func(f *os.File) error { return ExportSVG(t.Context(), s.bus, window, f) },
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := write(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.goTo("file://" + filepath.Join(dir, "window.html"))
	p.see(".verdict.fail", "run 7 differs")
	p.see("mark", "7")
	p.click("#theme")
	p.until(`document.documentElement.dataset.theme === "light"`)
	for _, text := range eval[[]string](p, faint) {
		t.Errorf("hard to read: %s", text)
	}

	p.goTo("file://" + filepath.Join(dir, "window.svg"))
	p.until(`document.querySelectorAll("rect").length > 100`)
	p.show("export-svg")
}
