// Package starlark makes the tasks of definitions whose code is Starlark.
//
//	compiled, fault := starlark.Compile(definition) // once
//	s, err := compiled.Scheduler()                  // for each run
//	tick, err := s.Tick(ctx, number, budgets, contexts.At(i))
//
// The dialect and what a task is shown are described where people look for it, with the
// pipeline file, in internal/pipeline/doc.go. Nothing in it tells one run from another,
// and a task cannot touch the process that it runs in but for two things: memory, which
// it may take more of than there is, and time.
package starlark
