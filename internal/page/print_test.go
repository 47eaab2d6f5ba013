package page

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
)

// TestPrint prints a window of many runs from a dark screen: dark on white, and with the run
// that differs.
func TestPrint(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.serve(judge)
	m := &made{runs: 60, ticks: 40, hashed: 40, covers: 40, value: func(run int, tick int64) canon.Value {
		if run == 59 && tick == 39 {
			return "2"
		}
		return "1"
	}}
	w := m.write(t.Context(), t, s.bus)
	if _, _, err := client.Verdict(t.Context(), s.bus, w.WindowKey); err != nil {
		t.Fatal(err)
	}
	p := newTab(t, s, desktop)
	p.dark(true)
	p.open("/window/1")
	p.see(".verdict", "run 59 differs")
	p.gridDrawn()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	p.run(chromedp.EmulateViewport(720, 1000, chromedp.EmulateScale(1)))
	p.until(`document.querySelector('[role="grid"] canvas').getBoundingClientRect().height > 60 * 28`)
	if color := eval[string](p, `getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.querySelector("h2")).color`); color != "rgb(251, 250, 248)rgb(26, 33, 41)" {
		t.Errorf("printed in %s", color)
	}
	for _, text := range eval[[]string](p, faint) {
		t.Errorf("hard to read on paper: %s", text)
	}
	// The cell that differs is drawn, in its light colour, and nothing cuts it off.
	const cell = `(() => { const c = document.querySelector('[role="grid"] canvas'), box = c.getBoundingClientRect();
		const from = document.querySelector('[role="grid"]').getBoundingClientRect(), sheet = document.documentElement.clientWidth;
		if (box.right > sheet + 1 || box.bottom > from.bottom + 1) return "cut off: " + [box.right, sheet, box.bottom, from.bottom];
		const k = c.width / 680, y = 26 + 59 * 28 + 5;
		const line = c.getContext("2d").getImageData(0, y * k, c.width, 1).data;
		for (let x = c.width - 1; x > 0; x--) if (line[4 * x + 3] === 255) return [...line.slice(4 * x, 4 * x + 3)].join(" ");
		return "nothing"; })()`
	if color := eval[string](p, cell); color != "194 58 19" {
		t.Errorf("the cell that differs: %s", color)
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	p.until(`document.querySelector('[role="grid"] canvas').getBoundingClientRect().height < 600`)
}
