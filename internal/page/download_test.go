package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
)

// halfWritten is a form that cannot be written to its end.
func halfWritten(_ context.Context, _ *bus.Bus, window uint64, out io.Writer) error {
	fmt.Fprintf(out, "window %d %s", window, strings.Repeat("x", 1<<20))
	return errors.New("the other half is not there")
}

// TestDownload takes a window from the page as files, and copies the address of a view.
func TestDownload(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	window := s.judged(oracle(t), nil)
	p := newTab(t, s, desktop)
	p.open(fmt.Sprintf("/window/%d", window))
	p.see(".download", "htmlsvgcsvjsonl")
	for form, begin := range map[string]string{"html": "<!doctype html>", "svg": "<svg "} {
		got := eval[string](p, fmt.Sprintf(`fetch(document.querySelector('.download a[href$="/%s"]').href).then(async (r) => r.headers.get("Content-Disposition") + (await r.text()).slice(0, 20))`, form))
		if !strings.HasPrefix(got, fmt.Sprintf(`attachment; filename="oracle-%d.%s"%s`, window, form, begin)) {
			t.Errorf("%s: %s", form, got)
		}
	}
	if broken := eval[bool](p, `fetch("/api/windows/1/download/csv").then((r) => r.text()).then(() => false, () => true)`); !broken {
		t.Error("half a file looks like a whole one")
	}
	p.click(".crumbs .copy")
	p.until(`["Copied", "Not allowed"].includes(document.querySelector(".crumbs .copy").textContent)`)
	for path, code := range map[string]int{"/api/windows/1/download/doc": 400, "/api/windows/9/download/html": 404} {
		if answer, body := s.ask("GET", "", path); answer.StatusCode != code || answer.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	p.quiet = true // the broken one stands in the console
}
