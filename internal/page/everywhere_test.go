package page

import (
	"fmt"
	"testing"
)

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
