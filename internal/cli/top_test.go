package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// untilShown ends a context as soon as a text has been written.
type untilShown struct {
	strings.Builder
	text string
	stop context.CancelFunc
}

func (w *untilShown) Write(p []byte) (int, error) {
	n, err := w.Builder.Write(p)
	if strings.Contains(string(p), w.text) {
		w.stop()
	}
	return n, err
}

func (w *untilShown) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// The screen shows how far a window is, and the terminal is as it was at the end.
func TestTopScreen(t *testing.T) {
	b, err := embedded.Open(t.Context(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	sha := strings.Repeat("0", 64)
	r := &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: sha, ContextsSHA256: sha, Runs: 2, Ticks: 4}
	window, err := client.Request(t.Context(), b, r)
	if err != nil {
		t.Fatal(err)
	}
	hashes := events.Hashes{Trace: sha, Result: sha, Forecast: sha, ForecastResult: sha}
	d := &events.Digest{Schema: events.DigestSchema, Scheme: "ers-c14n/1", Request: window.Request, Pipeline: "p", Window: window.Window, Run: 1, Ticks: 4, Done: 2,
		Covers: []events.TickDigest{{Tick: 0, Hashes: hashes, FirstSeq: 1, LastSeq: 1}, {Tick: 1, Hashes: hashes, FirstSeq: 2, LastSeq: 2}}, Hashes: hashes}
	data, err := events.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	key := window.Run(1)
	if _, err := b.Append(t.Context(), events.DigestSubject(key), 0, data); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &untilShown{text: "p  2 of 8 ticks", stop: cancel}
	if err := topScreen(ctx, &streams{out: out, err: os.Stderr}, b); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, enterScreen) || !strings.HasSuffix(text, leaveScreen) || !strings.Contains(text, "ers-gate: no answer") {
		t.Errorf("got %q", text)
	}
}
