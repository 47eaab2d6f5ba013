package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/bench"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/python"
)

// workerTasks is how many tasks a tick has here. The Python scripts have as many.
const workerTasks emptyTasks = 50

// workerContext is the context of every tick.
const workerContext canon.Value = `{"text":"hello there"}`

// workshop is a folder with the kit and the scripts, and what is started from it.
type workshop struct {
	dir    string
	served []string // the command of a worker in Go: this program
	python string   // the interpreter, "": there is none
	names  []string // of the tasks
}

func (m *measurement) newWorkshop(ctx context.Context, dir string) (*workshop, error) {
	w := &workshop{dir: dir, served: m.Command(ctx, "--role", string(Worker)).Args}
	for _, t := range workerTasks.tasks() {
		w.names = append(w.names, t.Name)
	}
	if m.python == "" {
		return w, nil
	}
	var err error
	if w.python, _, err = process.Resolve(ctx, "python3", os.Getenv("PATH"), dir); err != nil {
		return nil, err // a shim costs more than the interpreter
	}
	if err := os.CopyFS(dir, python.Kit); err != nil {
		return nil, err
	}
	for name, text := range map[string][]byte{"bare_worker.py": bench.BareWorker, "kit_worker.py": bench.KitWorker, "v02_gate.py": bench.GateV02} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// inPython is a pipeline of workers of the kit: each run has one, or one for each lane.
func (w *workshop) inPython(lanes bool) (*pipeline.File, error) {
	if lanes {
		return w.pipeline("python-lanes", `[python3, kit_worker.py, lanes], files: [kit_worker.py, "ers/*.py"]`, true)
	}
	return w.pipeline("python", `[python3, kit_worker.py], files: [kit_worker.py, "ers/*.py"]`, false)
}

// inGo is a pipeline of workers in Go.
func (w *workshop) inGo() (*pipeline.File, error) {
	var quoted []string
	for _, word := range w.served {
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	return w.pipeline("go", "["+strings.Join(quoted, ", ")+"]", false)
}

func (w *workshop) pipeline(name, command string, lanes bool) (*pipeline.File, error) {
	var text strings.Builder
	n := int(workerTasks)
	fmt.Fprintf(&text, "name: bench-%s\nruns: %d\ncontexts: [%s]\n", name, Runs, workerContext)
	fmt.Fprintf(&text, "budget: {forecast: {ops: %d, entropy: 0}, shadow: {ops: %d, entropy: 0}}\n", n, n)
	fmt.Fprintf(&text, "workers: {w: {command: %s}}\ntasks:\n", command)
	tasks := workerTasks.inOneLane()
	if lanes {
		tasks = workerTasks.tasks()
	}
	for _, t := range tasks {
		fmt.Fprintf(&text, "  - {name: %q, lane: %s, priority: %d, cost: {ops: 1}, tags: [bench], worker: w}\n", t.Name, t.Lane, t.Priority)
	}
	path := filepath.Join(w.dir, name+".yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return nil, err
	}
	return pipeline.Load(path)
}
