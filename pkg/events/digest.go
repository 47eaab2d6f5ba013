package events

import (
	"strings"
	"unicode/utf8"
)

// DigestSchema is the version of the documents on ers.digest.>.
const DigestSchema = "ers.digest.v1"

// Hashes are the three hashes of a tick, or of a run up to some tick, in lower-case
// hex. Each is the SHA-256 of canonical bytes and says by its key what it covers.
type Hashes struct {
	Trace    string `json:"trace_sha256"`    // {"events":[…]}
	Result   string `json:"result_sha256"`   // {"results":[{error,status,task,value}…]}
	Forecast string `json:"forecast_sha256"` // {"events":[…]} of the forecast lane alone
}

// Digest carries the hashes of some more ticks of one run, and of the run so far.
// The digests of a run follow each other without gap; the last has Final set.
type Digest struct {
	Schema    string `json:"schema"` // DigestSchema
	Scheme    string `json:"scheme"` // canon.Scheme
	Pipeline  string `json:"pipeline"`
	Window    uint64 `json:"window"`
	Run       int    `json:"run"`
	FirstTick int64  `json:"first_tick"`
	Ticks     int64  `json:"ticks"` // of the whole run

	Covers []TickDigest `json:"covers"` // the ticks that are new in this digest, in order
	Done   int64        `json:"done"`   // ticks of the run covered so far
	Events int64        `json:"events"` // events of the run covered so far
	Hashes              // of the run so far

	Final   bool     `json:"final"`             // nothing follows: the run is sealed, or Problem says why it never will be
	Problem *Problem `json:"problem,omitempty"` // set: the run can never be passed

	LastSeq  uint64 `json:"last_seq"`        // the last ERS_TRACE sequence of this run that is covered
	LowWater uint64 `json:"low_water"`       // every ERS_TRACE message up to here is covered by this digest or an earlier one
	State    string `json:"state,omitempty"` // SHA-256 midstates of the run, so that hashing resumes here; absent once final
}

// TickDigest holds the hashes of one tick and the ERS_TRACE sequences of its frames.
type TickDigest struct {
	Tick   int64 `json:"tick"`
	Events int   `json:"events"`
	Hashes
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
}

// Problem says which message keeps a run from ever being passed, and why.
type Problem struct {
	Run    int    `json:"run"`
	Stream string `json:"stream"`
	Seq    uint64 `json:"seq"`    // 0: no message can be named
	Reason string `json:"reason"` // at most MaxReason
}

// MaxReason is the most bytes that a [Problem.Reason] takes as JSON, quotes apart: the
// verdict on [MaxRuns] broken runs, with a reason each, still fits into one message.
const MaxReason = 800

// ClipReason makes a reason out of any text: valid UTF-8, with "…" for what goes
// beyond [MaxReason].
func ClipReason(text string) string {
	const ellipsis = "…"
	text = strings.ToValidUTF8(text, "\uFFFD")
	size, fits := 0, 0 // fits: how much of the text leaves room for the ellipsis
	for i, r := range text {
		switch {
		case r == '"' || r == '\\':
			size += 2
		case r < ' ':
			size += len(`\u0000`)
		default:
			size += utf8.RuneLen(r)
		}
		if size > MaxReason {
			return text[:fits] + ellipsis
		}
		if size <= MaxReason-len(ellipsis) {
			fits = i + utf8.RuneLen(r)
		}
	}
	return text
}
