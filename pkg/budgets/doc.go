// Package budgets compares what the budgets of a pipeline come to: which tasks are skipped
// at which of them, and where more is worse.
//
//	c, err := budgets.New([]budgets.Window{{Name: "tight", Request: …, Passed: true}, …})
//	err = c.Add(ticks) // the same tick of a run of each window that passed
//	report := c.Report()
//
// A lane gives each task its turn in order and skips those that it cannot afford, see
// package scheduler. So a larger budget can make a task drop out: it affords a dear task
// early, and what is left does not suffice for one that the smaller budget had enough for.
// That is an [Anomaly]. It is read from the record of the windows; nothing is scheduled
// again. Memory grows with the tasks and the windows, and not with the ticks.
//
// The package is pure: it imports no net, os, time or rand.
package budgets
