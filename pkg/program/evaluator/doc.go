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
// at every 5 ms while it is in a tick; the garbage collector works harder from seven
// eighths of it on, so that what is in use decides and not what is left over. One
// operation can outrun that: on Linux an allocation that would take it beyond twice as much
// fails at once (RLIMIT_DATA), before it is touched, so that `[0] * 1000000000`, 16 GB, ends an
// evaluator in a tenth of a second.
//
// What a limit must not be about, measured with Go 1.26 on Linux 6.18: an idle evaluator has
// 5.6 GiB of address space, 4 GiB of them for Starlark's small integers, 113 MiB of writable
// memory mapped and 17 MiB in use. Under RLIMIT_AS of 1 GiB Starlark goes without those
// integers, and under 256 MiB Go's runtime does not start. The kernel is told to take an
// evaluator before others when the machine has no memory left.
//
// # What it costs
//
// Starting an evaluator takes 30 ms of a processor, most of it for the packages of this
// program. After that ticks run in evaluators as fast as in this process or faster, since
// they have a heap of their own and the caller is asked only once for several ticks (two
// processors, twelve runs, ticks of 50 events): 0.97 million events/s instead of 0.58 where
// tasks do nothing, 0.24 instead of 0.14 where they split a text (BenchmarkTicks). With
// server and services around it `ers run` takes 12 to 19 % more processor time for 300 000
// such events and the same time on the clock; the small example takes 0.07 s more, and
// `ers check` 0.1 s, for the start.
//
// # Ends
//
// An evaluator is in a process group of its own: an interrupt from the terminal reaches
// only its parent, which decides. It ends when its parent closes the pipe or dies, however
// that comes.
package evaluator
