// Package worker is the protocol between ERS and a program that runs tasks, in any
// language: "ers-worker/1". docs/worker-protocol.md is its contract; in short:
//
// Both sides write JSON Lines in UTF-8, ERS to the worker's standard input, the worker
// to its standard output. A message is an object on a line of its own, with a member
// "type". ERS says hello with its limits, the worker answers with the tasks that it has.
// Then, for the tasks in a row of a tick that this worker runs, ERS writes one message:
// the tick, its context, what other tasks returned meanwhile, and the names. The worker
// runs them in that order and answers with one line each. Between these it may ask for
// content that a result names by its SHA-256. The end of its input is the end of the run.
//
// ERS's side is [AppendHello], [AppendTick], [AppendContent] and [Reader]; a worker in
// Go is [Serve]. What a worker writes is read strictly: anything that is not in the
// protocol is a [*MessageError] that names the line and the place in it.
//
// The package is pure: it starts no process and looks at no clock; it reads from an
// io.Reader and writes to an io.Writer.
package worker

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// Protocol is the version that both sides name in their hello. A worker's environment
// has it as ERS_WORKER.
const Protocol = "ers-worker/1"

// Variable is the name of the variable of a worker's environment that holds [Protocol].
const Variable = "ERS_WORKER"

// Limits are what a hello of ERS promises and demands, in bytes.
type Limits struct {
	Error   int // of an error's text, in UTF-8; a text cut there ends with "…" behind them
	Message int // of a line in either direction, without its \n
	Value   int // of a value, in canonical form
}

// DefaultLimits are those of this version of ERS.
var DefaultLimits = Limits{Error: scheduler.MaxErrorText, Message: 16 << 20, Value: scheduler.MaxValue}

// Bounds beside those of [Limits].
const (
	MaxTasks   = 10_000    // tasks of a worker
	MaxAbout   = 16 << 10  // canonical bytes of what a worker says about itself
	MaxContent = 8 << 20   // bytes of one answer to a content request
	maxInteger = 1<<53 - 1 // the largest integer that every JSON reader takes
)

// Task is a task as a worker declares it.
type Task struct {
	Name     string
	Lane     events.Lane
	Priority int64
	Cost     events.Budget
	Tags     []string
}

// Hello is what a worker says when it is ready.
type Hello struct {
	Tasks  []Task
	NaN    bool              // it takes NaN, Infinity and -Infinity
	BigInt bool              // it takes integers beyond ±(2^53 - 1)
	About  map[string]string // what it says about itself, recorded with the run
}

// Tick gives a worker its tasks in a row. A message without tasks only tells results,
// which the next tick's tasks see as the previous ones; nothing answers it.
type Tick struct {
	Tick    int64
	Context canon.Value         // an object
	Results []events.TaskResult // since the message before, in the order of the tick; costs are not sent
	Tasks   []string
}

// Result is a worker's answer for one task.
type Result struct {
	Task   string
	Status events.Status // OK, Error or NotComputable
	Value  canon.Value   // canonical; null when the task failed
	Error  string        // of a task that failed
}

// ContentRequest asks for bytes of the content with this SHA-256.
type ContentRequest struct {
	SHA256 string // 64 lower-case hex digits
	Offset int64  // >= 0
	Length int64  // 1 to MaxContent
}

// Answer is a line of a worker in a tick: one of the two is not nil. It is valid until
// the next line is read.
type Answer struct {
	Result  *Result
	Content *ContentRequest
}
