// Package evaluator runs the ticks of pipelines in processes of their own, so that a task
// that takes all memory or never ends harms nobody else.
//
//	func main() {
//		evaluator.Main() // first of all: does not return in an evaluator
//		…
//		pool := evaluator.New(evaluator.Config{})
//		defer pool.Close()
//		compiled, err := pool.Compile(ctx, definition) // once
//		run := compiled.NewRun()                       // for each run
//		tick, err := run.Tick(ctx, number, budgets, contexts.At(i))
//
// An evaluator is this program, started once more with a mark in its environment. It is
// given a definition once, and then one tick at a time: number, budgets, context and the
// results of the tick before. What comes back, the events and results of the tick, depends
// on nothing else, so that any evaluator may run any tick of any run. wire.go has what is
// said over the pipes, serve.go the evaluator's side, child.go and pool.go ours.
//
// # When an evaluator dies
//
// A tick whose evaluator dies is tried again in a new one, which holds nothing else. When
// that dies too the tick has no result, and the error says why; what the tasks of other
// runs do is not touched. Time alone ends nothing: an evaluator that is in a tick stays in
// it until the caller's context ends, and is killed then.
//
// # Memory
//
// An evaluator ends itself when Go's runtime holds more than Config.Memory, which it looks
// at every 5 ms; the garbage collector works harder from seven eighths of it on, so that
// what is in use decides and not what is left over. On Linux one allocation of more than
// twice that much fails at once (RLIMIT_DATA), before it is touched. Measured with Go 1.26 on
// Linux 6.18, with a bound of 1 GiB: an idle evaluator has 60 MiB of writable memory mapped
// and 10 MiB in use; `[0] * 1000000000`, 16 GB, ends it within 10 ms by RLIMIT_DATA, and
// doubling a list within 0.3 s. RLIMIT_AS is of no use: Go reserves address space that
// it never touches, 1.2 GiB of it before main begins. The kernel is told to take an
// evaluator first when the machine has no memory left.
//
// # Ends
//
// An evaluator is in a process group of its own: an interrupt from the terminal reaches
// only its parent, which decides. It ends when its parent closes the pipe or dies, however
// that comes.
package evaluator
