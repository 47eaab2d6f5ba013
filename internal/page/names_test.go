package page

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
)

// odd writes a judged window in which run 1 of two returns another text.
func (s *station) odd(task, expected, found string) uint64 {
	s.t.Helper()
	m := &made{runs: 3, ticks: 2, hashed: 2, covers: 2, task: task, value: func(run int, tick int64) canon.Value {
		if run == 1 && tick == 1 {
			return canon.Value(`"` + found + `"`)
		}
		return canon.Value(`"` + expected + `"`)
	}}
	w := m.write(s.t.Context(), s.t, s.bus)
	if _, _, err := client.Verdict(s.t.Context(), s.bus, w.WindowKey); err != nil {
		s.t.Fatal(err)
	}
	return w.Window
}

// hiding lists the texts on the page that have something in them that nobody sees.
const hiding = `(() => {
  const found = [document.title], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
  while (walk.nextNode()) {
    const n = walk.currentNode;
    if (n.nodeType === 3 && !n.parentElement.closest("script, pre.report")) found.push(n.data.trim());
    if (n.nodeType === 1) found.push(n.title ?? "", n.getAttribute("aria-label") ?? "");
  }
  return found.filter((t) => /[^\p{L}\p{M}\p{N}\p{P}\p{S} \n]|\u3164/u.test(t)).map((t) => JSON.stringify(t));
})()`

// TestNames has a task whose name turns text around, hides in it, and is very long: every
// view shows it as an escape, and has all its columns in sight.
func TestNames(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.serve(judge)
	long := strings.Repeat("n", 200)
	window := s.odd("pay\u202edaol\u200b\u3164\u00a0"+long, "ab", "a\u200bb"+long)
	base := fmt.Sprintf("/window/%d", window)
	for _, width := range []int64{desktop, phone} {
		p := newTab(t, s, width)
		for _, v := range []struct{ path, selector, text string }{
			{"/", ".windows", "long"},
			{base, ".groups", `pay\u202edaol`},
			{base + "/failure", ".fields", `pay\u202edaol`},
			{base + "/run/1", ".about", "ticks recorded here"},
			{base + "/run/1/tick/1", ".events", `pay\u202edaol\u200b\u3164\u00a0n`},
			{base + "/compare/0/1", ".about", `pay\u202edaol`},
			{"/search?q=pay", ".found", `pay\u202edaol`},
		} {
			p.open(v.path)
			p.see(v.selector, v.text)
			if eval[bool](p, `document.querySelector('[role="grid"]') !== null`) {
				p.gridDrawn()
				eval[any](p, `document.querySelector('[role="grid"]').focus()`)
			}
			for _, text := range eval[[]string](p, hiding) {
				t.Errorf("%s: %.200s", v.path, text)
			}
			if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("%s is %d pixels wide on a screen of %d", v.path, wide, width)
			}
			for _, table := range eval[[]string](p, `[...document.querySelectorAll(".table")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.getAttribute("aria-label"))`) {
				if width == desktop {
					t.Errorf("%s: columns of %q are out of sight", v.path, table)
				}
			}
		}
		p.open(base)
		p.see(".side.found mark", `\u200b`)
	}
	var html, svg bytes.Buffer
	if err := ExportHTML(t.Context(), s.bus, window, &html); err != nil {
		t.Fatal(err)
	}
	if err := ExportSVG(t.Context(), s.bus, window, &svg); err != nil {
		t.Fatal(err)
	}
	shown, _, _ := strings.Cut(html.String(), `<script type="application/json"`)
	for _, text := range []string{shown, svg.String()} {
		if strings.ContainsAny(text, "\u202e\u200b\u00a0\u3164") || !strings.Contains(text, `pay\u202edaol`) {
			t.Errorf("an export hides something:\n%s", text)
		}
	}
}

// TestLookAlike tells apart what looks the same.
func TestLookAlike(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	s.serve(judge)
	p := newTab(t, s, desktop)
	for _, c := range []struct{ expected, found, mark, alike string }{
		{"caf\u00e9", "cafe\u0301", "e\u0301", "is U+00E9"},
		{"\u2764", "\u2764\ufe0f", `\ufe0f`, "U+2764 U+FE0F"},
		{"a", "\u0430", "\u0430", "is U+0061"},
		{"a b", "a\u00a0b", `\u00a0`, "is U+00A0"},
	} {
		p.open(fmt.Sprintf("/window/%d", s.odd("", c.expected, c.found)))
		p.see(".side.found mark", c.mark)
		p.see(".alike", c.alike)
	}
}
