package docs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// frameBytes is the frame of the examples.
func frameBytes(t *testing.T, m *markdown) []byte {
	t.Helper()
	message, err := hex.DecodeString(strings.ReplaceAll(m.block(t, "hex frame"), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestFrameDecodes(t *testing.T) {
	m := readSubjects(t)
	message := frameBytes(t, m)
	if found, want := string(compact(t, []byte(m.block(t, "json frame")))), string(compact(t, []byte(frameJSON(t, message)))); found != want {
		t.Errorf("the frame in hex is\n%s\nbut as JSON\n%s", want, found)
	}
	rest := message
	for _, row := range m.table(t, "bytes") {
		part, err := hex.DecodeString(strings.ReplaceAll(code(row[0])[0], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, part); !ok {
			t.Fatalf("%s %s: the frame goes on with % x", row[0], row[1], rest[:len(part)])
		}
	}
	for _, part := range []string{"cb 40 02 00 00 00 00 00 00", "c7 1d 01"} {
		raw, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil || !bytes.Contains(message, raw) || !strings.Contains(m.text, "`"+part+"`") {
			t.Errorf("%s is not in the frame and in the text: %v", part, err)
		}
	}
}

// The worked example: texts, hashes, the frame and the digest agree, by nothing but
// SHA-256.
func TestWorkedExample(t *testing.T) {
	m := readSubjects(t)
	sums := map[string]string{}
	for mark, name := range map[string]string{"events": "trace_sha256", "results": "result_sha256", "forecast": "forecast_sha256",
		"forecast results": "forecast_result_sha256"} {
		text := strings.TrimSuffix(m.block(t, "text canonical "+mark), "\n")
		sums[name] = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		if v, err := canon.Parse([]byte(text)); err != nil || string(v) != text {
			t.Errorf("the canonical %s are not canonical: %v", mark, err)
		}
	}
	for line := range strings.Lines(m.block(t, "text hashes")) {
		if part := strings.Fields(line); sums[part[0]] != part[1] {
			t.Errorf("%s is %s, the text above has %s", part[0], part[1], sums[part[0]])
		}
	}
	var d events.Digest
	if err := events.Decode([]byte(m.block(t, "json digest")), &d); err != nil {
		t.Fatal(err)
	}
	last := d.Covers[len(d.Covers)-1]
	want := events.Hashes{Trace: sums["trace_sha256"], Result: sums["result_sha256"], Forecast: sums["forecast_sha256"], ForecastResult: sums["forecast_result_sha256"]}
	if last.Tick != 1 || last.Hashes != want {
		t.Errorf("the digest has %+v for tick %d, the worked example %+v", last.Hashes, last.Tick, want)
	}
}

// borrow lets a Python without the package msgpack use the one inside pip, or says
// with exit code 77 that there is none.
const borrow = `
import sys
try:
    import msgpack
except ImportError:
    try:
        from pip._vendor import msgpack
    except ImportError:
        sys.exit(77)
    sys.modules["msgpack"] = msgpack
`

// The program of the worked example prints its hashes.
func TestPythonRecomputes(t *testing.T) {
	m := readSubjects(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	command := exec.Command(python, "-c", borrow+m.block(t, "python recompute"))
	command.Stdin = bytes.NewReader(frameBytes(t, m))
	out, err := command.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 77 {
		t.Skip("no Python package msgpack")
	}
	if found, want := strings.Fields(string(out)), strings.Fields(m.block(t, "text hashes")); err != nil || !slices.Equal(found, want) {
		t.Errorf("it prints\n%s\nwant\n%s (%v)", out, m.block(t, "text hashes"), err)
	}
}

func TestDocumentsDecode(t *testing.T) {
	m := readSubjects(t)
	for mark, doc := range map[string]any{
		"json window":               new(events.WindowRequest),
		"json digest":               new(events.Digest),
		"json digest problem":       new(events.Digest),
		"json verdict pass":         new(events.Verdict),
		"json verdict fail":         new(events.Verdict),
		"json verdict inconclusive": new(events.Verdict),
	} {
		if err := events.Decode([]byte(m.block(t, mark)), doc); err != nil {
			t.Errorf("%s: %v", mark, err)
		}
	}
	var window events.WindowRequest
	if err := events.Decode([]byte(m.block(t, "json window")), &window); err != nil {
		t.Fatal(err)
	}
	definition, err := program.DecodeDefinition(compact(t, []byte(m.block(t, "json definition"))))
	if err != nil {
		t.Fatal(err)
	}
	contexts, err := program.DecodeContexts([]byte(m.block(t, "jsonl contexts")))
	if err != nil {
		t.Fatal(err)
	}
	if definition.SHA256() != window.DefinitionSHA256 || contexts.SHA256() != window.ContextsSHA256 {
		t.Errorf("the objects are %s and %s, the window names %s and %s",
			definition.SHA256(), contexts.SHA256(), window.DefinitionSHA256, window.ContextsSHA256)
	}
}

func TestCanonicalForms(t *testing.T) {
	for _, row := range readSubjects(t).table(t, "canon") {
		source, want := code(row[0])[0], code(row[1])[0]
		if v, err := canon.Parse([]byte(source)); err != nil || string(v) != want {
			t.Errorf("%s is %s in canonical form, not %s (%v)", source, v, want, err)
		}
	}
}
