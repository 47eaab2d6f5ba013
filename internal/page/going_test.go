package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/page"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
)

// held has live events come when the test sends them, and pictures when it lets them.
const held = `
window.EventSource = class {
  static CLOSED = 2;
  readyState = 1;
  on = {};
  constructor() { window.source = this; setTimeout(() => this.onopen?.()); }
  addEventListener(name, does) { this.on[name] = does; }
  close() {}
  send(name, data) { this.on[name]({ data: JSON.stringify(data) }); }
};
window.asked = 0;
window.aborted = 0;
window.waiting = [];
const ask = window.fetch;
window.fetch = (url, options) => {
  if (!url.includes("/grid")) return ask(url, options);
  asked++;
  return new Promise((resolve, reject) => {
    waiting.push(() => ask(url).then(resolve, reject));
    options.signal.addEventListener("abort", () => { aborted++; reject(options.signal.reason); });
  });
};`

// TestSlowGrid has news of a running window come faster than pictures of it: each picture
// that was asked for is shown, and another one follows.
func TestSlowGrid(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	m := &made{runs: 2, ticks: 10, hashed: 5, covers: 5, value: func(int, int64) canon.Value { return "1" }}
	m.write(t.Context(), t, s.bus)
	p := newTab(t, s, desktop)
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: held})
	p.open("/window/1")
	p.until(`waiting.length > 0`)
	before := eval[int](p, `aborted`)
	eval[any](p, `(async () => {
		for (let i = 0; i < 20; i++) {
			source.send("window", { window: 1, state: "running", done: 6 + i % 5 });
			await new Promise((done) => setTimeout(done));
		}
	})()`)
	if n := eval[int](p, `aborted`); n != before {
		t.Errorf("%d questions were given up", n-before)
	}
	asked := eval[int](p, `asked`)
	eval[any](p, `waiting.at(-1)()`)
	p.gridDrawn()
	eval[any](p, `source.send("window", { window: 1, state: "running", done: 8 })`)
	for range 2 {
		asked++
		p.until(fmt.Sprintf("asked >= %d", asked))
		eval[any](p, `(waiting.at(-1)(), source.send("window", { window: 1, state: "running", done: 9 }))`)
	}
}
