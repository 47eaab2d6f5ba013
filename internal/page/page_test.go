package page

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"abraxas.dev/ers/pkg/events"
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
