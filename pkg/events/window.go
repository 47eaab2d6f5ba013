package events

// WindowSchema is the version of the documents on ers.window.>.
const WindowSchema = "ers.window.v1"

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

// WindowRequest asks for a window of runs. The sequence that ERS_WINDOW gives the
// message is the window's name.
type WindowRequest struct {
	Schema           string  `json:"schema"` // WindowSchema
	Pipeline         string  `json:"pipeline"`
	DefinitionSHA256 string  `json:"definition_sha256"` // an object in ERS_OBJECTS
	ContextsSHA256   string  `json:"contexts_sha256"`   // an object in ERS_OBJECTS
	Runs             int     `json:"runs"`              // >= 2
	FirstTick        int64   `json:"first_tick"`        // >= 0
	Ticks            int64   `json:"ticks"`             // ticks a run, >= 1
	Budget           Budgets `json:"budget"`            // of every tick
	Latch            string  `json:"latch,omitempty"`   // trace_sha256 that the pipeline was accepted with
	Drill            *Drill  `json:"drill,omitempty"`
	Reproduce        string  `json:"reproduce,omitempty"` // the command line that asked, for people; at most MaxReproduce bytes
}

// MaxReproduce is the most bytes of [WindowRequest.Reproduce], which goes into the
// verdict.
const MaxReproduce = 4 << 10

// MaxDescription is the most bytes that a task's name and tags take in an event, as
// canonical JSON. A verdict repeats them some thirty times.
const MaxDescription = 8 << 10

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
