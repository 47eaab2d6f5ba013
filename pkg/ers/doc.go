// Package ers makes a program of your own tasks: it runs them twelve times over the same
// contexts, on the same services as the command ers, and says whether all runs are equal
// to the byte, or where, in what and in which runs they differ.
//
//	package main
//
//	import "abraxas.dev/ers/pkg/ers"
//
//	func main() {
//		ers.Main(
//			ers.Task{Name: "words:count", Cost: ers.Cost{Ops: 10}, Run: count},
//			ers.Task{Name: "words:check", Lane: ers.Shadow, Run: check},
//		)
//	}
//
//	func count(ctx *ers.Ctx) (any, error) {
//		var in struct{ Text string }
//		err := ctx.Decode(&in)
//		return len(strings.Fields(in.Text)), err
//	}
//
// Call [Main] first thing in main. The program then has these commands, with the flags,
// outputs and exit codes of the same commands of ers (PROGRAM run --help shows them):
//
//	run      a window here, with server and services in this process, and its verdict
//	up       server and services for windows of these tasks, until stopped
//	submit   ask a server where the program is up for a window, and wait for its verdict
//	worker   serve the tasks over standard input and output, as ERS starts a worker
//
// What the tasks print to os.Stdout goes to standard error: standard output is for results.
//
// # Where the rest comes from
//
// What a window needs beside tasks has defaults, in [Pipeline], which has a Main too. A
// pipeline file, given with -f, goes before what the program says, and flags go before
// the file:
//
//	              flag              pipeline file          Pipeline    left out
//	name                            name                   Name        last element of the main package's path
//	budget                          budget                 Budget      what the lane's tasks cost together
//	contexts      --contexts --text context, contexts      Contexts    one, without members
//	runs          --runs            runs                   Runs        12
//	ticks         --ticks           ticks                  Ticks       one a context
//	first tick    --first-tick      first_tick             FirstTick   0
//	rules                           ignore, round of a task  Task      none
//
// Every key of the file may be left out. Where Name is set, the file has the same or
// none, so that up and submit agree on it. Where the file lists tasks it lists all of
// them, without code, and they must be those of the program: name, lane, priority, cost
// and tags. That makes a change of these one that is seen in review. The keys are those
// of every pipeline file, see package pipeline.
//
// # What is compared, and with what
//
// The definition of a window holds the path of the main package, which [Pipeline] is
// named after, and the tasks as they are declared. The code is not in it: which binary
// ran (its SHA-256, the versions of module and Go, the revision) and on what (system,
// machine, kernel, processors, host) is recorded with each run, outside all hashes. So
// two builds of a program have the same case, and a latch finds that they compute
// something else.
//
// Windows are of kind "go" and go to a coordinator of their pipeline alone: `PROGRAM up`
// takes them, ers up beside it never does, nor does another program. A program that was
// changed since a window was asked for, and now declares other tasks, gives the window
// up and says which task it is: the verdict is inconclusive. Audit, replay and pages work
// from the streams and need no program.
//
// # Tasks
//
// A task is a function of its [Ctx]. It is called from several goroutines at once, one
// for each run, in one process: what it keeps in variables of the package is seen by all
// runs, and a difference that comes of it is found, like one by the clock, the order of
// a map, a random number or goroutines that race. What the task is shown and what it
// returns passes as canonical bytes, so that it can change nothing for others. A task
// that keeps something for a run on purpose has New in place of Run.
//
// An error is a result, with its text: leave out what differs from run to run, such as
// addresses and temporary paths. A panic is an error. Time decides nothing: a task that
// hangs keeps its run waiting until the window is cancelled or the program is stopped.
//
// What ends the process (os.Exit, a panic in a goroutine of the task's own, too much
// memory) says nothing about the tasks. The window waits, and the next that is up takes
// it: it runs the ticks that are recorded once more and holds them against the record, so
// that tasks have again what they kept. A task that then comes to something else is a
// fail of kind restart.
package ers
