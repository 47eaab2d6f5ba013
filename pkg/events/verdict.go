package events

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/vary"
)

// VerdictSchema is the version of the documents on ers.verdict.> and ers.gate.>.
const VerdictSchema = "ers.verdict.v2"

// Outcome is what a window came to.
type Outcome string

const (
	Pass         Outcome = "pass"         // every run is sealed and all are equal to the byte
	Fail         Outcome = "fail"         // a difference is shown: two sealed runs differ, or a run ended with one
	Inconclusive Outcome = "inconclusive" // some run could not be judged
)

// Verdict is the judgement of one window with its evidence.
type Verdict struct {
	Schema           string  `json:"schema"` // VerdictSchema
	Scheme           string  `json:"scheme"` // canon.Scheme
	Outcome          Outcome `json:"outcome"`
	Kind             string  `json:"kind"` // these four are of the request
	Pipeline         string  `json:"pipeline"`
	Window           uint64  `json:"window"`
	Request          string  `json:"request"` // SHA-256 of its bytes
	Case             string  `json:"case"`    // see WindowRequest.Case
	DefinitionSHA256 string  `json:"definition_sha256"`
	ContextsSHA256   string  `json:"contexts_sha256"`
	Runs             int     `json:"runs"`
	FirstTick        int64   `json:"first_tick"`
	Ticks            int64   `json:"ticks"`
	FirstRun         int64   `json:"first_run,omitempty"`
	Numbers          []int64 `json:"numbers,omitempty"`

	Variations []vary.Name `json:"variations,omitempty"` // as requested
	Fixed      []vary.Name `json:"fixed,omitempty"`      // likewise
	NotVaried  []NotVaried `json:"not_varied,omitempty"` // of these, in sealed runs; in their order
	Spread     bool        `json:"spread,omitempty"`     // as requested
	Machines   []Machine   `json:"machines,omitempty"`   // where the sealed runs were made, if Spread; in the order of their lowest runs, MaxMachines of them
	RunGroups  []RunGroup  `json:"run_groups,omitempty"` // as requested

	// The hashes of run 0, and of each run by its index. Runs that are made alike are equal
	// when both their trace and their result hash are; those that are made in another way,
	// when both hashes of the forecast lane are. A run that was never sealed has "".
	ExpectedHash       string   `json:"expected_hash"`
	ExpectedResultHash string   `json:"expected_result_hash"`
	Hashes             []string `json:"hashes"`
	ResultHashes       []string `json:"result_hashes"`
	FirstMismatchIndex *int     `json:"first_mismatch_index"` // first run that differs from run 0; null when none does

	Groups   []Group `json:"groups"`   // sealed runs that are made alike, clustered by both hashes: plain ones first, then as in RunGroups; of these largest first, then by lowest run
	Outliers []int   `json:"outliers"` // the runs that are not equal to those of the first group, or of the first that is made alike, ascending
	Tie      bool    `json:"tie"`      // the first group is no larger than the second that is made alike: which one is odd cannot be told

	Empty      Empty       `json:"empty,omitempty"`      // on pass: why no task ended ok in run 0; left out where one did
	Excludes   *Excludes   `json:"excludes,omitempty"`   // on pass, unless it is a drill or a probe
	Divergence *Divergence `json:"divergence,omitempty"` // on fail
	Problems   []Problem   `json:"problems,omitempty"`   // on inconclusive; on fail of the runs that could not be judged
	Latch      *Latch      `json:"latch,omitempty"`      // as requested
	Drill      *Drill      `json:"drill,omitempty"`      // as requested: this verdict is an exercise
	Probe      *Probe      `json:"probe,omitempty"`      // as requested: this verdict answers a question about another window
	Reproduce  string      `json:"reproduce"`            // the command that shows it again
	DigestSeq  uint64      `json:"digest_seq"`           // the ERS_DIGEST message that completed the window
}

// Key is the identity of the window that the verdict is about.
func (v *Verdict) Key() WindowKey { return WindowKey{v.Pipeline, v.Window, v.Request} }

// Number is the number of a run in the plan.
func (v *Verdict) Number(run int) int64 { return numberOf(v.FirstRun, v.Numbers, run) }

// PlainGroups are the groups of runs that are made without anything special, by their runs.
func (v *Verdict) PlainGroups() (groups [][]int) {
	for i := range v.Groups {
		if Made(v.RunGroups, v.Groups[i].Runs) < 0 {
			groups = append(groups, v.Groups[i].Runs)
		}
	}
	return groups
}

// Plain is how many runs of the window are made without anything special.
func (v *Verdict) Plain() int { return plain(v.Runs, v.RunGroups) }

// Empty says of a window that passed why its equal runs say little: no task ended ok in
// the first [MaxLooked] ticks of run 0.
type Empty string

const (
	EmptySkipped Empty = "skipped" // each task was skipped, in every tick
	EmptyFailed  Empty = "failed"  // each task that had its turn ended in error, or was not computable
)

// MaxLooked is the most ticks of a run in which a task is looked for that ended ok. The
// first tick nearly always has one.
const MaxLooked = 1000

// Excludes is what equal runs exclude, of differences that do not hang on what is around
// the runs: see package sure.
type Excludes struct {
	OneIn   int `json:"one_in"`  // a difference that shows in one of so many runs
	Percent int `json:"percent"` // would have been seen with this chance
}

// Group is a set of runs that are equal to the byte.
type Group struct {
	Hash         string `json:"hash"`
	ResultHash   string `json:"result_hash"`
	ForecastHash string `json:"forecast_hash"`

	ForecastResultHash string `json:"forecast_result_hash"`

	Runs    []int     `json:"runs"`
	Differs *Location `json:"differs,omitempty"` // where it first differs from the first group
}

// Location names a place in a run.
type Location struct {
	Kind       DivergenceKind `json:"kind"`
	Tick       int64          `json:"tick"`
	EventIndex int            `json:"event_index"` // in the tick
	Task       string         `json:"task"`
	Pointer    string         `json:"pointer"` // RFC 6901, into the event with value and error added to its seven fields; "" is all of it
}

// MaxPointer is the longest [Location.Pointer], in bytes. Names of members can be of any
// length: above one that would make the pointer longer, it stops.
const MaxPointer = 2 << 10

// DivergenceKind says in what two runs differ first.
type DivergenceKind string

const (
	KindOrder   DivergenceKind = "order"   // the same tasks in another order
	KindStatus  DivergenceKind = "status"  // another status
	KindCost    DivergenceKind = "cost"    // another cost_ops or cost_entropy
	KindMeta    DivergenceKind = "meta"    // another meta
	KindType    DivergenceKind = "type"    // a value of another type, 1 against 1.0 among them
	KindValue   DivergenceKind = "value"   // the task returned another value
	KindError   DivergenceKind = "error"   // the task failed with another text
	KindMissing DivergenceKind = "missing" // an event of the reference is not there
	KindExtra   DivergenceKind = "extra"   // an event that the reference does not have
	KindLatch   DivergenceKind = "latch"   // the runs agree, but not with the accepted hashes

	KindRestart      DivergenceKind = "restart"      // done again after a crash, a task answered otherwise
	KindEffect       DivergenceKind = "effect"       // a task asked for another effect than the one recorded
	KindInterference DivergenceKind = "interference" // with the shadow lane off the forecast lane is another
)

// Divergence explains the first difference between the reference (the first group)
// and the runs of the outlier group that leaves it earliest.
type Divergence struct {
	Location
	Runs     []int        `json:"runs"`             // the runs that show it
	Shadow   string       `json:"shadow,omitempty"` // of kind interference: the task that makes it, as far as the runs tell; left out: they name no single one
	Before   []TraceEvent `json:"before"`           // up to three events before it, the same in both
	Expected Side         `json:"expected"`
	Found    Side         `json:"found"`
	Content  *Content     `json:"content,omitempty"` // what that is, where a task ran a command
}

// Content says in what two values of a command first differ. It is found by reading what
// the values name, where that is an object.
type Content struct {
	Name    string `json:"name"`              // stdout, stderr, probe, exit, or "file:" and a path
	As      string `json:"as,omitempty"`      // json, jsonl, text or bytes, as which both were read; left out: Expected and Found are what they are
	Line    int64  `json:"line,omitempty"`    // of text and JSON Lines, from 1
	Column  int64  `json:"column,omitempty"`  // in characters, from 1
	Offset  int64  `json:"offset,omitempty"`  // of the first byte that differs, from 0; with Pointer it is not said
	Pointer string `json:"pointer,omitempty"` // RFC 6901, into a JSON value or that of the line; "" is all of it
	Equal   bool   `json:"equal,omitempty"`   // the JSON values are equal, and written in other bytes

	// What the two sides have there: canonical JSON, a line, or bytes in hex, at most 1 KiB
	// of it around the difference, with "…" where something is left out; null is nothing.
	// Without As: the exit status or the signal; JSON, text …; file, executable file, link to
	// somewhere, folder or deleted.
	Expected *string `json:"expected"`
	Found    *string `json:"found"`
}

// Side is what one of two runs has at the place where they differ.
type Side struct {
	Run       int          `json:"run"`
	Present   bool         `json:"present"`         // false: there is nothing at the pointer
	Canonical string       `json:"canonical"`       // the canonical bytes at the pointer; beyond 16 KiB cut around the first differing byte, with "…"
	Value     canon.Value  `json:"value"`           // the same as JSON; null when not present, cut, or holding NaN or an infinity
	Error     string       `json:"error,omitempty"` // the error text of the event's task, when there is one
	Event     *TraceEvent  `json:"event,omitempty"` // the whole event, when there is one
	After     []TraceEvent `json:"after"`           // up to three events after it
}
