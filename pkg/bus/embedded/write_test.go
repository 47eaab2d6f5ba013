package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// A store that is written message by message is read with the sequences, times and headers
// of the messages, also after it was opened again, and ends where it is told to.
func TestWrittenStore(t *testing.T) {
	from := bustest.Open(t)
	last := map[string]uint64{}
	for i := range 300 {
		subject := fmt.Sprintf("ers.trace.p.%d.0", i%3+1)
		seq, err := from.Append(t.Context(), subject, last[subject], bytes.Repeat([]byte{byte(i)}, 1000))
		if err != nil {
			t.Fatal(err)
		}
		last[subject] = seq
	}
	dir := filepath.Join(t.TempDir(), "store")
	s, err := embedded.NewStore(embedded.Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var want []bus.Message
	err = s.Stream(events.StreamTrace, 300, func(yield func(bus.Message, error) bool) {
		for m, err := range from.ReadWhole(t.Context(), events.StreamTrace, 1, 0) {
			if err == nil && m.Subject != "ers.trace.p.2.0" {
				continue
			}
			if err == nil && (len(m.Header) == 0 || m.At == 0) {
				err = fmt.Errorf("sequence %d has header %v, time %d", m.Seq, m.Header, m.At)
			}
			want = append(want, m)
			if !yield(m, err) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	none := func(func(bus.Message, error) bool) {}
	if err := errors.Join(s.Stream(events.StreamDigest, 17, none), s.Stream(events.StreamViz, 0, none), s.Close()); err != nil {
		t.Fatal(err)
	}

	b, err := embedded.OpenCopy(t.Context(), embedded.Config{StoreDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n := 0
	for m, err := range b.ReadWhole(t.Context(), events.StreamTrace, 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		w := want[n]
		if m.Seq != w.Seq || m.At != w.At || m.Subject != w.Subject || !bytes.Equal(m.Data, w.Data) || !bytes.Equal(bus.AppendHeader(nil, m.Header), bus.AppendHeader(nil, w.Header)) {
			t.Fatalf("got sequence %d at %d, want %d at %d", m.Seq, m.At, w.Seq, w.At)
		}
		n++
	}
	if n != len(want) || n != 100 {
		t.Errorf("%d messages of %d", n, len(want))
	}
	for stream, want := range map[string]uint64{events.StreamTrace: 300, events.StreamDigest: 17, events.StreamViz: 0} {
		if end, err := b.LastSeq(t.Context(), stream); end != want || err != nil {
			t.Errorf("%s ends with %d, %v, want %d", stream, end, err, want)
		}
	}
}
