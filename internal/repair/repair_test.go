package repair_test

import (
	"errors"
	"slices"
	"testing"

	"abraxas.dev/ers/internal/repair"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

var nothing = canon.Sum(nil).String()

func ask(t *testing.T, b *bus.Bus) (events.WindowKey, error) {
	return client.Request(t.Context(), b, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p",
		DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: 2, Ticks: 1})
}

func say(t *testing.T, b *bus.Bus, subject string, doc any) {
	t.Helper()
	data, ok := doc.([]byte)
	if !ok {
		var err error
		if data, err = events.Encode(doc); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Append(t.Context(), subject, 0, data); err != nil {
		t.Fatal(err)
	}
}

// Streams that name more than there is: nobody asks for a window until they are
// repaired, then the next number is one that nothing stands under.
func TestRepair(t *testing.T) {
	b := bustest.Open(t)
	first, err := ask(t, b)
	if err != nil || first.Window != 1 {
		t.Fatal(first, err)
	}
	if r, err := repair.Look(t.Context(), b); err != nil || r.Needed() || len(r.Lost) != 0 {
		t.Fatalf("%+v (%v)", r, err)
	}
	sums := events.Hashes{Trace: nothing, Result: nothing, Forecast: nothing, ForecastResult: nothing}
	say(t, b, "ers.trace.p.4.0", []byte("a frame"))
	say(t, b, "ers.digest.p.1.0", &events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: first.Request, Pipeline: "p", Window: 1,
		Ticks: 1, Covers: []events.TickDigest{}, Hashes: sums, LowWater: 1 << 62})
	say(t, b, "ers.trace.p.9000000.1", []byte("forged"))

	if _, err := ask(t, b); !errors.Is(err, events.ErrShort) {
		t.Fatalf("a window was asked for: %v", err)
	}
	r, err := repair.Look(t.Context(), b)
	if err != nil || r.Voids != 3 || !slices.Equal(r.Odd, []uint64{9000000}) || len(r.Lost) != 2 ||
		r.Lost[0] != (repair.Lost{Stream: events.StreamTrace, Last: 2, From: 3, To: 1 << 62, By: events.StreamDigest}) {
		t.Fatalf("%+v (%v)", r, err)
	}
	// A repair that is interrupted changes nothing for those who refuse.
	half := *r
	half.Voids--
	half.Ends = events.Ends{}
	if err := repair.Repair(t.Context(), b, &half, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, b); !errors.Is(err, events.ErrShort) {
		t.Fatalf("a window was asked for after half a repair: %v", err)
	}
	if r, err = repair.Look(t.Context(), b); err != nil || r.Voids != 1 {
		t.Fatalf("%+v (%v)", r, err)
	}
	if err := repair.Repair(t.Context(), b, r, nil); err != nil {
		t.Fatal(err)
	}
	next, err := ask(t, b)
	if err != nil || next.Window != 5 {
		t.Errorf("%v, %v", next, err)
	}
	if r, err := repair.Look(t.Context(), b); err != nil || r.Needed() {
		t.Errorf("%+v (%v)", r, err)
	}
}
