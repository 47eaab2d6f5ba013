// Package scheduler runs the tasks of a pipeline in deterministic ticks.
//
//	s := scheduler.New()
//	err := s.Add(scheduler.Task{Name: "oracle:signal", Lane: events.Forecast, Cost: scheduler.Cost{Ops: 1}, Run: signal})
//	tick, err := s.Tick(ctx, 0, scheduler.Budgets{Forecast: scheduler.Budget{Ops: 10}}, context)
//	tick.Events, tick.Results, tick.Remaining
//
// The laws of ERS hold here by construction:
//
//   - No wall clock and no randomness: the package imports neither, and nothing that
//     a task is shown says when or in which run it is called.
//   - Stable order: the tasks of a tick run in the order (lane, priority, name,
//     insertion), forecast before shadow, names by code point.
//   - Shadow is observation-only: what passes from one task to another is canonical
//     bytes, which nobody can change, and a forecast task is shown none of shadow's.
//     Each lane has a budget of its own.
//
// A [Scheduler] is one run. Make one for each run, and do not use it from several
// goroutines at once. The package is pure: it imports no net, os, time or rand. Of
// package context it takes the word to stop alone: a tick that was stopped gives no
// events and no results, and a task is shown neither deadline nor values.
package scheduler
