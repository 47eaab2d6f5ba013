package canon

import (
	"encoding/json"
	"os"
	"testing"
)

// The vectors were made with CPython's json and hashlib.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/canon.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	sc := NewScanner(text)
	for ; sc.Next(); lines++ {
		var vector struct {
			Source, Canonical, SHA256 string
		}
		if err := json.Unmarshal([]byte(sc.Value()), &vector); err != nil {
			t.Fatal(err)
		}
		v, err := Parse([]byte(vector.Source))
		if err != nil || string(v) != vector.Canonical {
			t.Errorf("line %d: Parse(%s) = %s, %v; want %s", sc.Line(), vector.Source, v, err, vector.Canonical)
			continue
		}
		if got := Sum([]byte(v)).String(); got != vector.SHA256 {
			t.Errorf("line %d: SHA-256 %s, want %s", sc.Line(), got, vector.SHA256)
		}
		checkValue(t, v)
	}
	if sc.Err() != nil || lines != 367 {
		t.Fatalf("%d vectors, error %v; want 367", lines, sc.Err())
	}
}

// The invariance check of the Python ERS publishes the hash of this trace.
func TestPublishedHash(t *testing.T) {
	const want = "ae7e4fe3526ad0e133d2f46de48f5941e5cf24382490e9d25088d8920decfd16"
	events := NewListHash("events")
	for _, task := range []struct{ name, lane string }{{"oracle:signal", "forecast"}, {"shadow:sei", "shadow"}} {
		event, err := Append(nil, map[string]any{
			"tick": 0, "task": task.name, "lane": task.lane, "status": "ok",
			"cost_ops": 1, "cost_entropy": 0, "meta": map[string]any{"tags": []string{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		events.Add(event)
	}
	if got := events.Sum().String(); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
