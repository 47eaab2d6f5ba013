package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

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
