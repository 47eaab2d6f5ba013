package page

import (
	"bytes"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// A window of open runs that has nothing yet can be drawn.
func TestOpenRuns(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	hash := strings.Repeat("0", 64)
	key, err := client.Request(t.Context(), b, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p",
		DefinitionSHA256: hash, ContextsSHA256: hash, Runs: 2, FirstTick: 7})
	if err != nil {
		t.Fatal(err)
	}
	var svg, html bytes.Buffer
	if err := ExportSVG(t.Context(), b, key.Window, &svg); err != nil || svg.Len() == 0 {
		t.Errorf("%d bytes, %v", svg.Len(), err)
	}
	if err := ExportHTML(t.Context(), b, key.Window, &html); err != nil || html.Len() == 0 {
		t.Errorf("%d bytes, %v", html.Len(), err)
	}
	w, err := New(Config{Bus: b}).findWindow(t.Context(), key.Window)
	if err != nil || w.asked.Ticks != 0 || w.request.Ticks != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}
