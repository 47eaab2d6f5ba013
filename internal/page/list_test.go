package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// TestPipelines lists all pipelines, those that fail first, and each with its newest mark in
// sight.
func TestPipelines(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	for range 30 {
		s.tell("long", events.Pass, nil)
	}
	failed := s.tell("long", events.Fail, nil)
	s.tell("long", events.Fail, func(v *events.Verdict) { v.Drill = drill(1, 0, "odd", "extra") })
	s.tell("drilled", events.Pass, nil)
	s.tell("drilled", events.Fail, func(v *events.Verdict) { v.Drill = drill(1, 0, "odd", "extra") })
	s.tell("drilled", events.Fail, func(v *events.Verdict) {
		v.Probe = &events.Probe{Window: 1, Request: strings.Repeat("0", 64), Question: "why?"}
	})
	for i := range 30 {
		s.tell(fmt.Sprintf("other-%d", i), events.Pass, nil)
	}
	s.tell("other-7", events.Inconclusive, nil)
	for _, width := range []int64{desktop, phone} {
		p := newTab(t, s, width)
		p.open("/")
		p.see(".pipelines", "other-29")
		p.until(`document.querySelectorAll(".windows li").length === 50`)
		if first := eval[[]string](p, `[...document.querySelectorAll(".pipelines .name")].slice(0, 3).map((e) => e.textContent)`); strings.Join(first, " ") != "long other-7 other-29" {
			t.Errorf("the first pipelines are %s", first)
		}
		if state := eval[string](p, `document.querySelector(".pipelines li").dataset.state`); state != "fail" {
			t.Errorf("the first one is shown as %s", state)
		}
		const marks = `(() => { const t = document.querySelector(".pipelines .trail"), b = t.getBoundingClientRect();
			return [...t.children].filter((e) => { const r = e.getBoundingClientRect(); return r.left >= b.left - 1 && r.right <= b.right + 1; }).map((e) => e.title); })()`
		seen := eval[[]string](p, marks)
		if n := len(seen); n < 8 || seen[n-2] != fmt.Sprintf("window %d: fail", failed) || seen[n-1] != fmt.Sprintf("window %d: fail, a drill", failed+1) {
			t.Errorf("on %d pixels these marks are in sight: %q", width, seen)
		}
		p.see(".more button", "Show 8 more pipelines")
		p.click(".pipelines + .more button")
		p.until(`document.querySelectorAll(".pipelines li").length === 32`)
		p.see(".pipelines li:last-child", "drilled")
	}
}

// TestNothingRan lists passes in which nothing ran: they do not look like others, and their
// long words stay in their column.
func TestNothingRan(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.tell("skipped", events.Pass, func(v *events.Verdict) { v.Empty = events.EmptySkipped })
	for _, width := range []int64{desktop, phone} {
		p := newTab(t, s, width)
		p.open("/")
		p.see(".windows .badge.inconclusive", "pass, but nothing ran")
		p.see(".pipelines .mark.inconclusive", "✓")
		const over = `(() => { const list = [...document.querySelectorAll(".windows a > *")].map((e) => [e.className, e.getBoundingClientRect()]), found = [];
			for (const [a, r] of list) for (const [b, q] of list) if (a < b && r.left < q.right && q.left < r.right && r.top < q.bottom && q.top < r.bottom) found.push(a + " and " + b);
			return found; })()`
		if over := eval[[]string](p, over); len(over) > 0 {
			t.Errorf("on %d pixels these are in the same place: %q", width, over)
		}
	}
	p := newTab(t, s, desktop)
	p.open("/window/1/failure")
	p.see("h1", "pass, but nothing ran")
	p.see("h1", "no difference")
}

// TestNothingFound searches for what there is not.
func TestNothingFound(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.tell("known", events.Pass, nil)
	p := newTab(t, s, desktop)
	p.open("/search?q=nowhere")
	p.see(".empty", "Nothing has “nowhere” in its name")
	p.open("/search?q=")
	p.see(".empty", "Search")
}

// TestBack leads from a window back to its line in the list, with as many lines as before.
func TestBack(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	for range 180 {
		s.tell("long", events.Pass, nil)
	}
	p := newTab(t, s, desktop)
	p.open("/")
	p.until(`document.querySelectorAll(".windows li").length === 50`)
	p.click(".more button")
	p.until(`document.querySelectorAll(".windows li").length === 150`)
	if focus := eval[string](p, `document.activeElement.textContent`); focus != "Show older windows" {
		t.Errorf("the focus is on %.40q", focus)
	}
	eval[any](p, `document.querySelector('a[href="#/window/60"]').focus()`)
	top := eval[float64](p, `(scrollBy(0, 100), scrollY)`)
	if top < 1000 {
		t.Fatalf("scrolled by %f", top)
	}
	p.keys(kb.Enter)
	p.see(".verdict", "equal to the byte")
	if at := eval[float64](p, `scrollY`); at != 0 {
		t.Errorf("a window opens at %f", at)
	}
	eval[any](p, `history.back()`)
	p.until(`document.querySelectorAll(".windows li").length === 150 && document.activeElement.getAttribute("href") === "#/window/60"`)
	if at := eval[float64](p, `scrollY`); at != top {
		t.Errorf("back in the list at %f, not %f", at, top)
	}
}

// TestOlder goes on to the oldest window, however many there are.
func TestOlder(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	for range 1010 {
		s.tell("long", events.Pass, nil)
	}
	p := newTab(t, s, desktop)
	p.open("/?limit=1000")
	p.until(`document.querySelectorAll(".windows li").length === 1000`)
	p.click(".more a")
	p.until(`document.querySelectorAll(".windows li").length === 10`)
	p.see(".windows li:last-child .id", "1")
	p.see(".more", "The newest windows")
}

// TestEmpty names the server that the page is of.
func TestEmpty(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	p := newTab(t, s, desktop)
	p.open("/")
	want := "ers run -f pipeline.yaml --store DIR"
	if url := s.bus.URL(); url != "" {
		want = "ers submit -f pipeline.yaml --nats " + url
	}
	p.see(".empty pre", want)

	server := bustest.NewServer(t)
	s = newPage(t, bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir = server.URL(), "" }))
	p = newTab(t, s, desktop)
	p.open("/")
	p.see(".empty pre", "ers submit -f pipeline.yaml --nats "+server.URL())
}

// TestFilters narrows the list by date, drill and text, and puts those that fail first.
func TestFilters(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	before := time.Now().Add(-time.Second)
	s.tell("first", events.Fail, nil)
	s.tell("first", events.Pass, nil)
	s.tell("second", events.Fail, func(v *events.Verdict) { v.Drill = drill(1, 0, "odd", "extra") })
	s.tell("second", events.Pass, nil)
	p := newTab(t, s, desktop)
	shown := func(want string) {
		t.Helper()
		p.until(fmt.Sprintf(`[...document.querySelectorAll(".windows .id")].map((e) => e.lastChild.data).join(" ") === %q`, want))
	}
	p.open("/")
	shown("4 3 2 1")
	at := eval[string](p, `document.querySelector('[data-window="1"] time').dateTime`)
	if asked, err := time.Parse(time.RFC3339, at); err != nil || asked.Before(before) || asked.After(time.Now()) {
		t.Errorf("asked for at %s, %v", at, err)
	}
	p.see(`[data-window="1"] .took`, "s")
	choose := func(name, value string) {
		t.Helper()
		eval[any](p, fmt.Sprintf(`(() => { const e = document.querySelector('.filters [name=%s]'); e.value = %q; e.dispatchEvent(new Event(e.tagName === "INPUT" ? "input" : "change")); })()`, name, value))
	}
	p.click(".filters summary")
	choose("order", "failing")
	shown("3 1 4 2")
	choose("drill", "no")
	shown("1 4 2")
	choose("drill", "yes")
	shown("3")
	choose("drill", "")
	choose("order", "")
	eval[any](p, `document.querySelector(".filters [name=text]").focus()`)
	p.keys("S", "e", "c")
	shown("4 3")
	p.until(`document.activeElement.name === "text" && document.activeElement.value === "Sec"`)
	p.click(`.filters button:nth-child(2)`)
	shown("3")
	p.run(chromedp.Reload())
	shown("3")
	p.open("/?since=2001-01-01&until=2001-01-02")
	p.see(".empty", "No window in the list is like that")
	p.open("/?since=" + before.Format(time.DateOnly))
	shown("4 3 2 1")
	p.open("/search?q=3")
	p.see("h1", "Window 3")
	shown("3")
	p.open("/window/2")
	p.see(".times", "later")
	if code, body := s.ask("GET", "", "/api/windows?drill=maybe"); code.StatusCode != 400 {
		t.Errorf("%d %s", code.StatusCode, body)
	}
}
