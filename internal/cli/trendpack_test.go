package cli

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// What the command makes of the traces of the vectors is what the Python ERS made of
// them.
func TestTrendPackOfVectors(t *testing.T) {
	f, err := os.Open("../../pkg/scheduler/testdata/schedules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var vector struct {
			Trace     []json.RawMessage `json:"trace"`
			TrendPack string            `json:"trendpack"`
		}
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			t.Fatal(err)
		}
		if len(vector.Trace) == 0 {
			continue // without events there is no tick to be seen
		}
		var trace strings.Builder
		for _, event := range vector.Trace {
			trace.Write(event)
			trace.WriteByte('\n')
		}
		if got := trendPacks(t, "RUN-é", `{"mode": "test", "engine": "ers"}`, trace.String()); got != vector.TrendPack+"\n" {
			t.Errorf("got  %s\nwant %s", got, vector.TrendPack)
		}
		n++
	}
	if err := lines.Err(); err != nil || n < 100 {
		t.Fatalf("%d vectors, %v", n, err)
	}
}

func trendPacks(t *testing.T, runID, provenance, trace string) string {
	t.Helper()
	var out strings.Builder
	c := trendpackCommand{RunID: runID, Provenance: provenance}
	if err := c.Run(&streams{in: strings.NewReader(trace), out: &out}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const oneEvent = `{"tick":3,"task":"a","lane":"forecast","status":"ok","cost_ops":0,"cost_entropy":0,"meta":{}}` + "\n"

// Each tick is a document, on a line of its own.
func TestTrendPackTicks(t *testing.T) {
	later := strings.ReplaceAll(oneEvent, `"tick":3`, `"tick":5`)
	lines := strings.Split(trendPacks(t, "r", "{}", oneEvent+oneEvent+later), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"total_events":2},"tick":3,`) || !strings.Contains(lines[1], `"total_events":1},"tick":5,`) {
		t.Errorf("%q", lines)
	}
	if got := trendPacks(t, "r", "{}", `{"events":[]}`); got != "" {
		t.Errorf("of no events: %q", got)
	}
}

func TestTrendPackRefuses(t *testing.T) {
	later := strings.ReplaceAll(oneEvent, `"tick":3`, `"tick":5`)
	for _, test := range []struct{ runID, provenance, trace, want string }{
		{"", "{}", oneEvent, "--run-id is empty"},
		{"r", "[]", oneEvent, "--provenance: want an object, found array"},
		{"r", "{", oneEvent, "--provenance: "},
		{"r", "{}", "", "standard input: no trace"},
		{"r", "{}", later + oneEvent, "standard input: event 1: tick 3 after tick 5"},
	} {
		var out strings.Builder
		c := trendpackCommand{RunID: test.runID, Provenance: test.provenance}
		err := c.Run(&streams{in: strings.NewReader(test.trace), out: &out})
		if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
			t.Errorf("got %v and %q, want %q", err, &out, test.want)
		}
	}
}
