package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const workerFile = "docs/worker-protocol.md"

// The session of the worker protocol is one of the worker in shell.
func TestWorkerSession(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not here: install it to run the worker of the example")
	}
	block := regexp.MustCompile("(?ms)^```text session\n(.*?)^```$").FindStringSubmatch(readFile(t, workerFile))
	if block == nil {
		t.Fatalf("%s has no session", workerFile)
	}
	var input, want strings.Builder
	for line := range strings.Lines(block[1]) {
		if message, ok := strings.CutPrefix(line, "> "); ok {
			input.WriteString(message)
		} else {
			want.WriteString(strings.TrimPrefix(line, "< "))
		}
	}
	worker := exec.Command("sh", filepath.Join(root, "examples/workers/worker.sh"))
	worker.Stdin = strings.NewReader(input.String())
	if got, err := worker.Output(); err != nil || string(got) != want.String() {
		t.Errorf("%v, the worker answers\n%s", err, got)
	}
}
