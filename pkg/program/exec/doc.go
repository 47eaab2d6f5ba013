// Package exec runs the ticks of pipelines whose tasks are served by processes of this
// machine: workers, which live for a run, and commands, which live for one task of a tick.
//
//	made, err := exec.Load(ctx, config, definition) // files are unpacked, executables found
//	defer made.Close()
//	run := made.NewRun(vary.Run{})           // for each run
//	tick, err := run.Tick(ctx, number, budgets, context)
//
// program.go holds what all runs of a window share, run.go one run: a scheduler whose
// tasks ask the processes. server.go is a worker's process, row.go asks it for the tasks in
// a row, command.go is the run of a command, around.go what is recorded of the surroundings.
//
// # What stands for what
//
// What a task answers is its result: a value, an error, or not_computable. Whatever happens
// to its process (it ends, takes too long, takes too much memory, or says what makes no
// sense) says nothing about the task: [Run.Tick] returns an error, and the run is given up.
//
// A worker's process is one of a run and a lane, so that a shadow task does not touch by
// accident what a forecast task holds. It may keep what it likes from tick to tick: a run
// that is resumed is fed from its first tick again, see [Run.Stateful].
package exec
