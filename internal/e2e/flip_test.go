package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A bit flips on the disk, in any stream, the one of the documents for viewers and the one of the
// objects too: the audit finds it, and says where. The seed makes the same bits flip.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	const seed, flips = 20261127, 6 // in each stream
	random := rand.New(rand.NewPCG(seed, 0))
	store := filepath.Join(t.TempDir(), "store")
	if out, err := command("ers", "run", "-f", small.write(t), "--store", store).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	blocks, err := filepath.Glob(filepath.Join(store, "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	streams := map[string]bool{}
	for _, block := range blocks {
		whole, err := os.ReadFile(block)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) == 0 {
			continue // a new block, in which nothing is yet
		}
		stream := filepath.Base(filepath.Dir(filepath.Dir(block)))
		streams[stream] = true
		if strings.HasPrefix(stream, "OBJ_") {
			stream = "object "
		}
		for range flips {
			bit := random.IntN(len(whole) * 8)
			damaged := append([]byte(nil), whole...)
			damaged[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(block, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := command("ers", "audit", "--store", store)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); err == nil || code > 2 || !strings.Contains(string(out), stream) {
				t.Errorf("bit %d of byte %d of %s: exit code %d\n%s", bit%8, bit/8, stream, code, out)
			}
		}
		if err := os.WriteFile(block, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(streams) != 6 {
		t.Errorf("streams with messages: %v", streams)
	}
	if out, err := command("ers", "audit", "--store", store).CombinedOutput(); err != nil {
		t.Errorf("with every bit as it was: %v\n%s", err, out)
	}
}
