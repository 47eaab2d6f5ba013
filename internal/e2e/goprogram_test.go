package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"abraxas.dev/ers/pkg/ers"
)

// goProgram is the command of a program with tasks in Go, which is this test binary under
// another name.
const goProgram = "counted"

func linkGoProgram() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(path, filepath.Join(bin, goProgram))
}

// counted has the tasks of workerYAML in Go.
func counted() ers.Pipeline {
	return ers.Pipeline{Name: goProgram, Runs: 4, Tasks: []ers.Task{
		{Name: "count", New: countTicks},
		{Name: "look", Lane: ers.Shadow, New: countTicks},
	}}
}

func countTicks() func(*ers.Ctx) (any, error) {
	count := 0
	return func(ctx *ers.Ctx) (any, error) {
		var in struct{ File string }
		if err := ctx.Decode(&in); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(in.File)
		count++
		return []any{count, ctx.Tick(), string(text), spin()}, err
	}
}

// spin computes for some milliseconds.
func spin() uint32 {
	x := uint32(7)
	for range 3_000_000 {
		x = x*1103515245 + 12345
	}
	return x
}

func newGoCounting(t *testing.T) *counting {
	c := &counting{system: newSystem(t), file: filepath.Join(t.TempDir(), "read")}
	c.pipeline = pipelineFixture{name: goProgram, yaml: "ticks: 30\ncontext: {file: " + c.file + "}", load: counted().File}
	c.coordinates = []string{goProgram, "up", "--http="}
	c.write(c.file, "1")
	return c
}
