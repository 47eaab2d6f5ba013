package budgets

import "abraxas.dev/ers/pkg/events"

// Schema is the version of the report as JSON.
const Schema = "ers.budgets.v1"

// Report is what several budgets come to. It has a JSON form for people's programs, and is
// no document of the bus.
type Report struct {
	Schema           string `json:"schema"` // Schema
	Pipeline         string `json:"pipeline"`
	DefinitionSHA256 string `json:"definition_sha256"`
	ContextsSHA256   string `json:"contexts_sha256"`
	FirstTick        int64  `json:"first_tick"`
	Ticks            int64  `json:"ticks"`

	Budgets   []Column    `json:"budgets"` // in the order that they were given in
	Tasks     []Row       `json:"tasks"`   // in the order in which they have their turns
	Anomalies []Anomaly   `json:"anomalies"`
	Compared  int         `json:"compared"`  // pairs of budgets of which one is the larger, and both windows passed
	Unordered [][2]string `json:"unordered"` // pairs of which none is at least as large in all: there are no anomalies to look for
}

// Column is one of the budgets.
type Column struct {
	Name    string         `json:"name"`
	Window  uint64         `json:"window"`
	Outcome events.Outcome `json:"outcome"` // only windows that pass are compared
	Budget  events.Budgets `json:"budget"`
}

// Row is what becomes of a task.
type Row struct {
	Task    string      `json:"task"`
	Lane    events.Lane `json:"lane"`
	Skipped []*int64    `json:"skipped"` // ticks in which it was skipped, by budget; null: the window did not pass
}

// Anomaly is a task that drops out where the budget is larger.
type Anomaly struct {
	Task      string      `json:"task"`
	Lane      events.Lane `json:"lane"`
	Smaller   string      `json:"smaller"`    // the budget at which it ran
	Larger    string      `json:"larger"`     // the budget at which it was skipped
	FirstTick int64       `json:"first_tick"` // in which that is so, and with it what follows
	Ticks     int64       `json:"ticks"`      // in how many
	Lacks     []string    `json:"lacks"`      // what the larger budget had too little left of: ops, entropy
	UsedBy    []Use       `json:"used_by"`    // the tasks before it that the larger budget paid for with that, and the smaller did not
}

// Use is what a task cost.
type Use struct {
	Task string `json:"task"`
	events.Budget
}
