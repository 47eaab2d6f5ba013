package worker

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The contract names every member that there is, and the limits.
func TestTheDocumentIsWhole(t *testing.T) {
	text, err := os.ReadFile("../../docs/worker-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(answerFields, helloFields, taskFields, costFields, ersHelloFields, limitsFields, tickFields, toldFields, givenFields)
	for _, word := range append(words, Variable+"="+Protocol) {
		if !strings.Contains(string(text), "`"+word+"`") {
			t.Errorf("%q is not explained", word)
		}
	}
	d := DefaultLimits
	for _, sentence := range []string{
		fmt.Sprintf("At least %d, %d and %d", d.Error, d.Message, d.Value),
		fmt.Sprintf("its tasks, 1 to %d;", MaxTasks), fmt.Sprintf("at most %d KiB, recorded", MaxAbout>>10),
		fmt.Sprintf("how many bytes, 1 to %d ", MaxContent),
	} {
		if !strings.Contains(string(text), sentence) {
			t.Errorf("it does not say %q", sentence)
		}
	}
}
