package events

import (
	"fmt"
	"slices"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/vary"
)

// WindowSchema is the version of the documents on ers.window.>.
const WindowSchema = "ers.window.v2"

// Budget is what a lane may spend in one tick, or what a task costs.
type Budget struct {
	Ops     int64 `json:"ops"`     // >= 0
	Entropy int64 `json:"entropy"` // >= 0
}

// Budgets are the budgets of the two lanes for one tick.
type Budgets struct {
	Forecast Budget `json:"forecast"`
	Shadow   Budget `json:"shadow"`
}

// Starlark is the kind of the definitions whose tasks are written in Starlark. The kind
// is a token of the request's subject, so that a coordinator takes only windows that it
// can run.
const Starlark = "starlark"

// Here is the kind of the windows that are run by the process that asks for them, and
// that no queue hands out.
const Here = "here"

// WindowRequest asks for a window of runs. The sequence that ERS_WINDOW gives the
// message is the window's number, the name for people. Sequences come again when a
// stream is removed or restored: a window's identity is its number with the SHA-256 of
// the request's bytes, see [WindowKey].
type WindowRequest struct {
	Schema           string      `json:"schema"` // WindowSchema
	Kind             string      `json:"kind"`   // of the definition, as in the subject
	Pipeline         string      `json:"pipeline"`
	DefinitionSHA256 string      `json:"definition_sha256"`     // an object in ERS_OBJECTS
	ContextsSHA256   string      `json:"contexts_sha256"`       // an object in ERS_OBJECTS
	Runs             int         `json:"runs"`                  // >= 2
	FirstRun         int64       `json:"first_run,omitempty"`   // number of run 0 in a plan that goes over several windows
	Groups           []RunGroup  `json:"groups,omitempty"`      // runs that are made in another way; left out: all are made alike
	Numbers          []int64     `json:"numbers,omitempty"`     // of each run in the plan, in place of first_run and those behind it
	Variations       []vary.Name `json:"variations,omitempty"`  // what must not matter, and is varied from run to run: in the order of [vary.All]
	Fixed            []vary.Name `json:"fixed,omitempty"`       // likewise, but every run has it as plain runs have it
	Spread           bool        `json:"spread,omitempty"`      // machines are compared with each other: the verdict says on which of them each run was made
	FirstTick        int64       `json:"first_tick"`            // >= 0
	Ticks            int64       `json:"ticks"`                 // ticks a run; 0: open, until its inputs end
	Budget           Budgets     `json:"budget"`                // of every tick
	BudgetName       string      `json:"budget_name,omitempty"` // of several that the pipeline has, for people
	After            After       `json:"after"`
	Latch            *Latch      `json:"latch,omitempty"`
	Drill            *Drill      `json:"drill,omitempty"`
	Probe            *Probe      `json:"probe,omitempty"`
	Reproduce        string      `json:"reproduce,omitempty"` // the command line that asked, for people; at most MaxReproduce bytes
}

// After says how the other streams ended when a request was made, as its submitter saw
// them. So asking twice for the same is two requests, and a request tells whether a
// stream has been cut short since.
type After struct {
	Trace         uint64 `json:"trace"`          // last sequence of ERS_TRACE, 0: none
	Digest        uint64 `json:"digest"`         // likewise
	Verdict       uint64 `json:"verdict"`        // likewise
	VerdictSHA256 string `json:"verdict_sha256"` // of the last verdict's bytes, "" for none
}

// RunGroup names runs of a window that are made in their own way. They come after the plain ones.
type RunGroup struct {
	Name  string   `json:"name"`            // what is special about them: ShadowOff
	Runs  []int    `json:"runs"`            // ascending
	Tasks []string `json:"tasks,omitempty"` // that it is about, ascending
}

// ShadowOff is the name of groups whose Tasks, of the shadow lane, are not run: an event
// of none of them is in the trace. What the forecast lane does must be the same.
const ShadowOff = "shadow-off"

// Plain is how many runs of the window are made without anything special.
func (r *WindowRequest) Plain() int { return plain(r.Runs, r.Groups) }

// SetPlain changes how many plain runs there are. Those of the groups come after them.
func (r *WindowRequest) SetPlain(runs int) {
	groups := make([]RunGroup, len(r.Groups))
	for i, g := range r.Groups {
		list := make([]int, len(g.Runs))
		for k := range list {
			list[k] = runs
			runs++
		}
		g.Runs = list
		groups[i] = g
	}
	r.Runs = runs
	if len(groups) > 0 {
		r.Groups = groups
	}
}

func plain(runs int, groups []RunGroup) int {
	for _, g := range groups {
		runs -= len(g.Runs)
	}
	return runs
}

// Made returns the index of the group that runs which are made alike are of, -1 for plain
// ones.
func Made(groups []RunGroup, runs []int) int {
	return slices.IndexFunc(groups, func(g RunGroup) bool { return len(runs) > 0 && slices.Contains(g.Runs, runs[0]) })
}

// Latch is what a pipeline was accepted with. It holds for the contexts, budgets, first
// tick and ticks of the request that it stands in, whatever the definition: that is what
// it is for.
type Latch struct {
	Trace      string `json:"trace_sha256"`
	Result     string `json:"result_sha256,omitempty"`     // "": the trace alone is held
	Definition string `json:"definition_sha256,omitempty"` // that it was accepted with, for people
}

// Case names what windows must share to be compared with each other: the SHA-256 of
// the canonical JSON of definition, contexts, budgets, first tick and ticks.
func (r *WindowRequest) Case() string {
	data, err := Encode(&struct {
		Budget     Budgets `json:"budget"`
		Contexts   string  `json:"contexts_sha256"`
		Definition string  `json:"definition_sha256"`
		FirstTick  int64   `json:"first_tick"`
		Ticks      int64   `json:"ticks"`
	}{r.Budget, r.ContextsSHA256, r.DefinitionSHA256, r.FirstTick, r.Ticks})
	if err != nil {
		panic(err) // only a hash that is not UTF-8 could do that, and Decode refuses it
	}
	return canon.Sum(data).String()
}

// AddsUp tells whether the runs of the window are runs like those of any other window of
// its case, so that passes of them prove more together. Those of a drill and of a probe
// are not, nor are open runs, whose inputs no case names. Whoever adds up windows asks this.
func (r *WindowRequest) AddsUp() bool { return r.Drill == nil && r.Probe == nil && r.Ticks > 0 }

// Number is the number of a run in the plan.
func (r *WindowRequest) Number(run int) int64 { return numberOf(r.FirstRun, r.Numbers, run) }

func numberOf(first int64, numbers []int64, run int) int64 {
	if run >= 0 && run < len(numbers) {
		return numbers[run]
	}
	return first + int64(run)
}

// Run is what is around a run of the window on purpose.
func (r *WindowRequest) Run(run int) vary.Run {
	return vary.Run{Names: r.Variations, Fixed: r.Fixed, Number: r.Number(run)}
}

// WindowKey is the identity of a window. Every frame, digest and verdict carries it, and
// whoever reads one compares it with ERS_WINDOW: under a number that came again stands
// another request.
type WindowKey struct {
	Pipeline string
	Window   uint64 // its sequence in ERS_WINDOW
	Request  string // SHA-256 of the request's bytes, in lower-case hex
}

// Run is the run of the window with this index.
func (k WindowKey) Run(run int) RunKey { return RunKey{k.Pipeline, k.Window, run} }

// Filter is what the subjects of all runs of the window end with: "ers.trace." and it
// match the frames, "ers.digest." and it the digests.
func (k WindowKey) Filter() string { return k.Pipeline + "." + strconv.FormatUint(k.Window, 10) + ".*" }

func (k WindowKey) String() string {
	return fmt.Sprintf("%s.%d (request %.8s)", k.Pipeline, k.Window, k.Request)
}

// RequestSHA256 is what a request's message is known by: the SHA-256 of its bytes.
func RequestSHA256(message []byte) string { return canon.Sum(message).String() }

// MaxReproduce is the most bytes of [WindowRequest.Reproduce], which goes into the
// verdict.
const MaxReproduce = 4 << 10

// MaxDescription is the most bytes that a task's name and tags take in an event, as
// canonical JSON. A verdict repeats them some thirty times.
const MaxDescription = 8 << 10

// Probe marks a window that a search for the cause of a difference asked for.
type Probe struct {
	Window   uint64 `json:"window"`         // whose difference it is about
	Request  string `json:"request_sha256"` // of that window: a number alone is no identity
	Question string `json:"question"`       // what it is to answer, for people; at most MaxQuestion bytes
}

// MaxQuestion is the most bytes of [Probe.Question].
const MaxQuestion = 400

// Drill tells the coordinator to falsify one event just before it publishes it, so
// that the alarm can be tested with everything behind it real.
type Drill struct {
	Run  int       `json:"run"`
	Tick int64     `json:"tick"`
	Task string    `json:"task"`
	Kind DrillKind `json:"kind"`
}

// DrillKind is the kind of divergence that a drill provokes.
type DrillKind string

// DrillKinds are the kinds that a drill can provoke, each the [DivergenceKind] of
// the same name.
var DrillKinds = []DrillKind{"value", "error", "status", "order", "cost", "meta", "type", "missing", "extra"}
