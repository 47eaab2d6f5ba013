package bench

import (
	"fmt"
	"os/exec"
	"testing"
)

// The Python script and we make the same hash of the same ticks.
func TestPythonWay(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to compare with")
	}
	for _, size := range []struct{ events, ticks int }{{1, 1}, {1, 3}, {5, 20}, {7, 11}, {50, 4}} {
		t.Run(fmt.Sprintf("%dx%d", size.ticks, size.events), func(t *testing.T) {
			theirs, took, err := runPython(t.Context(), python, size.events, size.ticks)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := inMemory(emptyTasks(size.events).tasks(), size.ticks)
			if err != nil {
				t.Fatal(err)
			}
			if theirs != ours || took <= 0 {
				t.Errorf("%s in %v, ours is %s", theirs, took, ours)
			}
		})
	}
}
