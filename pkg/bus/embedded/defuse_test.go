package embedded_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Every bit of what the server believes of a record, flipped: what is read is as it was, or
// an error. No bit makes it fill the memory.
func TestFlippedHeads(t *testing.T) {
	t.Parallel()
	store := kept(t)
	blocks, err := filepath.Glob(filepath.Join(store, "jetstream", "*", "streams", events.StreamTrace, "msgs", "1.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	whole, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	second := int(binary.LittleEndian.Uint32(whole) &^ (1 << 31)) // the bit says that it has headers
	for bit := range 22 * 8 {
		damaged := append([]byte(nil), whole...)
		damaged[second+bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(blocks[0], damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := embedded.OpenCopy(t.Context(), embedded.Config{StoreDir: store, Config: bus.Config{Log: bustest.Log(t)}}, nil)
		if err != nil {
			t.Logf("bit %d of byte %d: %v", bit%8, bit/8, err)
			continue
		}
		n := 0
		for m, err := range b.Read(t.Context(), events.StreamTrace, "", 1, 0) {
			if err != nil {
				t.Logf("bit %d of byte %d: %v", bit%8, bit/8, err)
				break
			}
			if n++; m.Subject != trace || string(m.Data) != strings.Repeat("frame", 100) {
				t.Errorf("bit %d of byte %d: message %d is on %s, with %d bytes", bit%8, bit/8, m.Seq, m.Subject, len(m.Data))
			}
		}
		if n == keptFrames {
			t.Errorf("bit %d of byte %d is not noticed", bit%8, bit/8)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
