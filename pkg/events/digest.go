package events

import (
	"strings"
	"unicode/utf8"
)

// DigestSchema is the version of the documents on ers.digest.>.
const DigestSchema = "ers.digest.v2"

// Hashes are the four hashes of a tick, or of a run up to some tick, in lower-case
// hex. Each is the SHA-256 of canonical bytes and says by its key what it covers.
type Hashes struct {
	Trace    string `json:"trace_sha256"`    // {"events":[…]}
	Result   string `json:"result_sha256"`   // {"results":[{error,status,task,value}…]}
	Forecast string `json:"forecast_sha256"` // {"events":[…]} of the forecast lane alone

	ForecastResult string `json:"forecast_result_sha256"` // {"results":[…]} of the forecast lane alone
}

// Digest carries the hashes of some more ticks of one run, and of the run so far.
// The digests of a run follow each other without gap; the last has Final set.
type Digest struct {
	Schema    string `json:"schema"`  // DigestSchema
	Scheme    string `json:"scheme"`  // canon.Scheme
	Request   string `json:"request"` // SHA-256 of the window's request
	Pipeline  string `json:"pipeline"`
	Window    uint64 `json:"window"`
	Run       int    `json:"run"`
	FirstTick int64  `json:"first_tick"`
	Ticks     int64  `json:"ticks"` // of the whole run; 0: open

	Covers []TickDigest `json:"covers"` // the ticks that are new in this digest, in order
	Done   int64        `json:"done"`   // ticks of the run covered so far
	Events int64        `json:"events"` // events of the run covered so far
	Hashes              // of the run so far

	// Final: nothing follows. The run is sealed, or one of the two says why it never will
	// be: a Problem keeps it from being judged, a Difference is a fail by itself.
	Final      bool        `json:"final"`
	Problem    *Problem    `json:"problem,omitempty"`
	Difference *Difference `json:"difference,omitempty"`

	LastSeq  uint64 `json:"last_seq"`  // the last ERS_TRACE sequence of this run that is covered: the end of a tick, or the frame with the Difference
	LowWater uint64 `json:"low_water"` // every ERS_TRACE message up to here is covered by this digest or an earlier one, but for Open

	// Open are the ticks that had begun and not ended: the frames of these runs from
	// FirstSeq on are not covered, wherever LowWater is. At most MaxOpen.
	Open []OpenTick `json:"open,omitempty"`

	State string `json:"state,omitempty"` // SHA-256 midstates of the run, so that hashing resumes here; absent once final
}

// OpenTick is a tick of which some frames were read.
type OpenTick struct {
	Pipeline string `json:"pipeline"`
	Window   uint64 `json:"window"`
	Run      int    `json:"run"`
	FirstSeq uint64 `json:"first_seq"` // ERS_TRACE sequence of its first frame
}

// MaxOpen is the most ticks that [Digest.Open] names.
const MaxOpen = 32

// Sealed tells whether the digest says that its run is complete.
func (d *Digest) Sealed() bool { return d.Final && d.Problem == nil && d.Difference == nil }

// Key is the identity of the window that the digest's run belongs to.
func (d *Digest) Key() WindowKey { return WindowKey{d.Pipeline, d.Window, d.Request} }

// RunKey names the digest's run.
func (d *Digest) RunKey() RunKey { return RunKey{d.Pipeline, d.Window, d.Run} }

// TickDigest holds the hashes of one tick and the ERS_TRACE sequences of its frames.
type TickDigest struct {
	Tick   int64 `json:"tick"`
	Events int   `json:"events"`
	Hashes
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
	Resumed  bool   `json:"resumed,omitempty"` // a frame of it, not the run's first, names a machine: who went on with the run did so there
}

// MaxResumed is of how many resumed ticks of a run a verdict names the machines: the first
// ones.
const MaxResumed = 256

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
