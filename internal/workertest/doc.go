// Package workertest checks any worker of the protocol in docs/worker-protocol.md: it
// starts the command again and again, speaks ERS's side, and says of each rule whether the
// worker keeps it.
//
// What the worker's tasks return is not known, so the checks are about what holds for every
// worker. Many compare two processes: what must make no difference is done in the one
// and left out in the other. Whether the worker could have been seen to break a rule is
// looked at as well: a check that its tasks cannot show is "not seen", never passed.
//
// [Run] is where it begins. checks.go lists all checks with their reasons; the files
// named after the parts of the protocol hold how they are made.
package workertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/worker"
)

// Options say what is to be checked.
type Options struct {
	Command  []string      // the worker and its arguments
	Contexts []canon.Value // contexts that its tasks can work with, used in turn; none: {}
	Timeout  time.Duration // for a start and for an answer; 0: DefaultTimeout
}

// DefaultTimeout is how long a start or an answer may take.
const DefaultTimeout = time.Minute

// Outcome is what a check came to.
type Outcome string

const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	NotSeen Outcome = "not_seen" // this worker's tasks cannot show it
)

// Result is what one check came to.
type Result struct {
	Name    string  `json:"name"`
	Why     string  `json:"why"` // why the rule matters
	Outcome Outcome `json:"outcome"`
	Seen    string  `json:"seen"` // what was seen when it failed, why it could not be seen; else ""
}

// ErrStart says that the command could not be started at all.
var ErrStart = errors.New("the worker cannot be started")

// Run makes all checks, some of them at the same time, and hands the results to report in
// their order.
// hello is what the worker said of itself, nil when that was not understood. The error
// is for a command that cannot be started, which wraps [ErrStart], or that of ctx: no
// answer then.
func Run(ctx context.Context, o Options, report func(Result)) (hello *worker.Hello, err error) {
	s := newSuite(ctx, o)
	if err := s.meet(); err != nil {
		return nil, err
	}
	results := make([]chan error, len(checks))
	turns := make(chan struct{}, atOnce)
	for i, c := range checks {
		results[i] = make(chan error, 1)
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			results[i] <- c.run(s)
		}()
	}
	for i, c := range checks {
		err := <-results[i]
		if ctx.Err() == nil {
			report(c.result(err))
		}
	}
	return s.hello, ctx.Err()
}

// atOnce is how many checks are made at the same time.
const atOnce = 2

// result makes what a check came to of its error.
func (c *check) result(err error) Result {
	r := Result{Name: c.name, Why: c.why, Outcome: Passed}
	switch why, hidden := errors.AsType[unseen](err); {
	case hidden:
		r.Outcome, r.Seen = NotSeen, string(why)
	case err != nil:
		r.Outcome, r.Seen = Failed, err.Error()
	}
	return r
}

// check is one rule, and how it is looked at. An error says how it is broken; an
// [unseen] why that cannot be told.
type check struct {
	name, why string
	run       func(*suite) error
}

// unseen says why a check cannot be made with this worker.
type unseen string

func (u unseen) Error() string { return string(u) }

func unseenf(format string, args ...any) error { return unseen(fmt.Sprintf(format, args...)) }
