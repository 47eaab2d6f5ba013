package ers

import (
	"context"
	"io"

	"abraxas.dev/ers/internal/cli"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/worker"
)

// Main is the main of a program that has these tasks. It reads the command line, does
// what it says and ends the process with the exit code: 0 for a pass, 1 for a fail, 2
// when it could not be told. The package's documentation says which commands there are.
func Main(tasks ...Task) { Pipeline{Tasks: tasks}.Main() }

// Main is [Main] for a pipeline that says more than its tasks.
func (p Pipeline) Main() {
	cli.ProgramMain(&cli.Program{File: p.File, Load: p.Load, Serve: p.serve})
}

// serve serves the tasks as a worker, in the protocol of package worker, until in ends.
func (p Pipeline) serve(ctx context.Context, in io.Reader, out io.Writer) error {
	declared, err := declare(p.Tasks)
	if err != nil {
		return err
	}
	var tasks []scheduler.Task
	for i := range declared {
		declared[i].Rules = nil // which ERS applies
		tasks = append(tasks, p.Tasks[i].schedule(&declared[i]))
	}
	return worker.Serve(ctx, in, out, build(), tasks...)
}
