// Package lanes gathers what a run's lanes and tasks came to, tick by tick, into as many
// columns as there is room for: the data of every picture of lanes × ticks × status.
//
//	p := lanes.New(first, step, columns, request.Budget)
//	for each frame of the run in order { p.Add(frame) }
//	p.Finish()
//
// What is kept grows with the columns and the tasks, and not with the ticks. Of the ticks
// of a column the worst status of a task is shown.
//
// The package is pure: it imports no net, os, time or rand.
package lanes
