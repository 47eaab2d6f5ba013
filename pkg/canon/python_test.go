package canon

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// reference reads a JSON text in hex from each line, and writes its canonical bytes
// in hex, or "error".
const reference = `
import json, sys
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

def unique(members):
    d = dict(members)
    if len(d) < len(members):
        raise ValueError("a name stands twice")
    return d

for line in sys.stdin:
    try:
        x = json.loads(bytes.fromhex(line).decode(), object_pairs_hook=unique)
        c = json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        print(c.encode().hex())
    except ValueError:
        print("error")
`

// TestPython compares with the json module of the python3 on this machine: the same
// texts are accepted, with the same canonical bytes.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to compare with")
	}
	var texts [][]byte
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1500 {
		text := []byte(anySample().Example(i).text)
		texts = append(texts, text, mutated(random, text))
	}
	var in bytes.Buffer
	for _, text := range texts {
		in.WriteString(hex.EncodeToString(text) + "\n")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", reference)
	cmd.Stdin = &in
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", python, err, stderr.String())
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(texts) {
		t.Fatalf("%d answers to %d texts", len(answers), len(texts))
	}
	refused := 0
	for i, text := range texts {
		got := "error"
		v, err := Parse(text)
		if err == nil {
			got = hex.EncodeToString([]byte(v))
		} else {
			refused++
		}
		if got != answers[i] {
			want, _ := hex.DecodeString(answers[i])
			t.Errorf("Parse(%q) = %q, %v; python3 has %q", text, v, err, want)
		}
	}
	if refused == 0 || refused > len(texts)/2 {
		t.Errorf("%d of %d texts are refused: that tests little", refused, len(texts))
	}
}

// mutated returns text with a byte or two replaced, inserted or removed.
func mutated(random *rand.Rand, text []byte) []byte {
	const alphabet = "0019-+.eE\"\\u,:[]{} \n\x00\x1f\x80\xc3\xed\xf0naNItdD/"
	text = bytes.Clone(text)
	for range 1 + random.IntN(2) {
		i := random.IntN(len(text))
		c := alphabet[random.IntN(len(alphabet))]
		switch random.IntN(3) {
		case 0:
			text[i] = c
		case 1:
			text = append(text[:i], append([]byte{c}, text[i:]...)...)
		case 2:
			if len(text) > 1 {
				text = append(text[:i], text[i+1:]...)
			}
		}
	}
	return text
}
