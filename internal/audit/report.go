package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"abraxas.dev/ers/pkg/events"
)

// Kind is what is wrong with the record at some place.
type Kind string

const (
	Gap           Kind = "gap"           // something that must be there is not
	Repeat        Kind = "repeat"        // something is there twice
	Contradiction Kind = "contradiction" // a message that cannot be true, by itself or beside the others
	Difference    Kind = "difference"    // what a message says is not what comes out when it is computed again
)

// Finding is one thing that is wrong with the record.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Stream   string `json:"stream"`
	Seq      uint64 `json:"seq"` // of the message; of the first that is missing, in a gap of a stream
	Pipeline string `json:"pipeline,omitempty"`
	Window   uint64 `json:"window,omitempty"` // 0: of none
	Run      int    `json:"run"`              // -1: of none
	Tick     int64  `json:"tick"`             // -1: of none
	Message  string `json:"message"`

	// Known: the record says so itself. The run's last digest or the verdict names
	// this message as the reason why the run cannot be judged, so no pass rests on it;
	// or it is the message by which the coordinator gave the run up.
	Known bool `json:"known"`

	ID           string `json:"id"`                     // see [ReadAcknowledged]
	Acknowledged string `json:"acknowledged,omitempty"` // why it is no cause for alarm, as a person has said
}

// Unjudged is a window without a verdict that has not come to its end yet.
type Unjudged struct {
	Pipeline string `json:"pipeline"`
	Window   uint64 `json:"window"`
	Message  string `json:"message"` // how far it is, and what it waits for
}

// Report is what an audit found.
type Report struct {
	// Outcome is
	//   - fail, when something is wrong that the record does not know of and nobody has
	//     acknowledged;
	//   - inconclusive, when nothing is wrong but no verdict was there to check: Reason
	//     says why;
	//   - pass otherwise: every digest follows from the frames, and every verdict from
	//     the digests. That holds for verdicts of all three outcomes: a fail that is
	//     rightly on record passes the audit. Windows without a verdict that are not
	//     complete are listed as unjudged and change nothing.
	Outcome events.Outcome `json:"outcome"`
	Reason  string         `json:"reason,omitempty"`

	// What was read: messages, and what they hold.
	Windows  int64 `json:"windows"`
	Runs     int64 `json:"runs"`
	Ticks    int64 `json:"ticks"`
	Events   int64 `json:"events"`
	Frames   int64 `json:"frames"`
	Skipped  int64 `json:"skipped"` // of these, frames behind the first bad one of their run, of which nothing can be said
	Digests  int64 `json:"digests"`
	Verdicts int64 `json:"verdicts"`

	// Verdicts that were computed again, by the outcome on record.
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	Inconclusive int `json:"inconclusive"`

	// Findings by window, stream and sequence: at most MaxFindings that the record
	// knows of, and as many that it does not beside those that are acknowledged. New,
	// Known and Acknowledged count all of them, each once.
	New          int64     `json:"new"`
	Known        int64     `json:"known"`
	Acknowledged int64     `json:"acknowledged"`
	Findings     []Finding `json:"findings"`
	Unmatched    []string  `json:"unmatched,omitempty"` // ids that are acknowledged and belong to no finding

	// Windows that are not complete, at most MaxFindings; UnjudgedCount counts all.
	UnjudgedCount int64      `json:"unjudged_count"`
	Unjudged      []Unjudged `json:"unjudged"`

	// Windows that are archived elsewhere, of which nothing is checked but request and verdict:
	// at most MaxFindings; ArchivedCount counts all.
	ArchivedCount int64      `json:"archived_count,omitempty"`
	Archived      []Archived `json:"archived,omitempty"`

	// ArchiveSHA256 is that of the manifest, where an archive was audited. The tombstones of its
	// windows must name it.
	ArchiveSHA256 string `json:"archive_sha256,omitempty"`

	extra int64 // see room
}

// Limits is what a pass does not say.
const Limits = "Without keys no audit can tell whether all streams were written anew so that they agree, or what the tasks would return if they ran again."

// MaxFindings bounds the lists of a [Report].
const MaxFindings = 1000

// room is how many more findings are listed, since so many may be acknowledged.
func (r *Report) room() int64 { return MaxFindings + r.extra }

func (r *Report) add(f Finding) {
	count := &r.New
	if f.Known {
		count = &r.Known
	}
	if *count++; *count <= r.room() {
		r.Findings = append(r.Findings, f)
	}
}

func (r *Report) addUnjudged(u Unjudged) {
	if r.UnjudgedCount++; r.UnjudgedCount <= MaxFindings {
		r.Unjudged = append(r.Unjudged, u)
	}
}

// streamOrder is the order in which a record comes into being.
var streamOrder = []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz}

// finish sorts the findings and sets the outcome.
func (r *Report) finish(window uint64) {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Window, b.Window),
			cmp.Compare(slices.Index(streamOrder, a.Stream), slices.Index(streamOrder, b.Stream)), cmp.Compare(a.Seq, b.Seq))
	})
	switch {
	case r.New > 0:
		r.Outcome = events.Fail
	case r.Pass+r.Fail+r.Inconclusive > 0:
		r.Outcome = events.Pass
	default:
		r.Outcome = events.Inconclusive
		switch {
		case r.Windows == 0 && window > 0:
			r.Reason = fmt.Sprintf("%s has no message %d: there is no such window", events.StreamWindow, window)
		case r.Windows == 0:
			r.Reason = "no window was ever requested on this server"
		case len(r.Archived) > 0:
			r.Reason = "nothing is here to be computed again, what has a verdict is archived"
		default:
			r.Reason = "no window has a verdict yet"
		}
	}
}

// AppendText appends the report as text for people to dst, in lines that end in a
// newline. What comes from messages is shown without control characters.
func (r *Report) AppendText(dst []byte) []byte {
	line := func(format string, args ...any) {
		dst = append(append(dst, clean(fmt.Sprintf(format, args...))...), '\n')
	}
	line("%s  %s", strings.ToUpper(string(r.Outcome)), r.summary())
	line("")
	line("  read      %s, %s, %s, %s, %s, %s", count(r.Windows, "window"), count(r.Runs, "run"), count(r.Ticks, "tick"),
		count(r.Events, "event"), count(r.Frames, "frame"), count(r.Digests, "digest"))
	line("  verdicts  %d: %d pass, %d fail, %d inconclusive", r.Verdicts, r.Pass, r.Fail, r.Inconclusive)
	if len(r.Findings) > 0 {
		line("")
	}
	for _, f := range r.Findings {
		line("  %s", f.String())
		if !f.Known && f.Acknowledged == "" {
			line("%17sid %s", "", f.ID)
		}
	}
	if out := r.New + r.Known + r.Acknowledged - int64(len(r.Findings)); out > 0 {
		line("  and %d more that are not listed", out)
	}
	if len(r.Unmatched) > 0 {
		line("")
	}
	for _, id := range r.Unmatched {
		line("  acknowledged, but no finding of this audit: %s", id)
	}
	r.appendArchived(line)
	if len(r.Unjudged) > 0 {
		line("")
	}
	for _, u := range r.Unjudged {
		line("  not judged     window %d of %s: %s", u.Window, u.Pipeline, u.Message)
	}
	if out := r.UnjudgedCount - int64(len(r.Unjudged)); out > 0 {
		line("  and %d more windows that are not complete", out)
	}
	next := r.next()
	if r.Outcome == events.Pass {
		next = Limits
	}
	if next != "" {
		line("")
		line("  %s", next)
	}
	return dst
}

func (r *Report) summary() string {
	switch {
	case r.Outcome == events.Inconclusive:
		return r.Reason
	case r.New > 0:
		return fmt.Sprintf("the record is not what it says: %s", count(r.New, "finding"))
	}
	text := "computed again from the frames, every digest and verdict is as recorded"
	if r.Known > 0 {
		text += fmt.Sprintf("; %s that the record knows of", count(r.Known, "finding"))
	}
	if r.Acknowledged > 0 {
		text = fmt.Sprintf("nothing is wrong beside %s that a person has acknowledged", count(r.Acknowledged, "finding"))
	}
	return text
}

// next is what to do about the report.
func (r *Report) next() string {
	if r.New > 0 {
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return !f.Known && f.Acknowledged == "" })
		f := r.Findings[max(i, 0)]
		if r.ArchiveSHA256 != "" {
			return "The archive is damaged, or was changed: rely on nothing in it, and " + anotherCopy + "."
		}
		see := ""
		if f.Seq > 0 {
			see = fmt.Sprintf("See a message with `nats stream get %s %d`, find", f.Stream, f.Seq)
		}
		advice := "Keep the streams as they are. " + cmp.Or(see, "Find") + " out who may write there, and rely on no verdict of the windows above."
		if f.Window > 0 {
			advice += fmt.Sprintf(" Where its request is there, run one again with `ers submit --window %d`.", f.Window)
		}
		return advice
	}
	if r.Outcome == events.Inconclusive && len(r.Archived) > 0 {
		return "Audit the archives: `ers audit --store DIR`."
	}
	if r.Outcome == events.Inconclusive && r.UnjudgedCount > 0 {
		return "Audit again when the windows are complete."
	}
	return ""
}

// String is a finding in one line: kind, stream and sequence, place, message.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %s %d", f.Kind, f.Stream, f.Seq)
	if f.Window > 0 {
		fmt.Fprintf(&b, "  window %d", f.Window)
	}
	if f.Run >= 0 {
		fmt.Fprintf(&b, " run %d", f.Run)
	}
	if f.Tick >= 0 {
		fmt.Fprintf(&b, " tick %d", f.Tick)
	}
	b.WriteString(": " + f.Message)
	if f.Known {
		b.WriteString(" (the record says so)")
	}
	if f.Acknowledged != "" {
		b.WriteString(" (acknowledged: " + f.Acknowledged + ")")
	}
	return clean(b.String())
}

func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.FormatInt(n, 10) + " " + what
}

// clean takes out what could move the cursor or hide text.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsGraphic(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
}
