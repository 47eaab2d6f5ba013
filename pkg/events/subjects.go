package events

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The streams, and the object store bucket. Each holds one kind of document and
// has one kind of writer.
const (
	StreamWindow  = "ERS_WINDOW"
	StreamTrace   = "ERS_TRACE"
	StreamDigest  = "ERS_DIGEST"
	StreamVerdict = "ERS_VERDICT"
	BucketObjects = "ERS_OBJECTS"
)

// The subjects of each stream, for subscribers and stream settings.
const (
	WindowSubjects  = "ers.window.*.*"
	ControlSubjects = "ers.control.*.*.*"
	VoidSubject     = "ers.control.void"
	HandoutSubjects = "ers.run.*.*.*.*"
	TraceSubjects   = "ers.trace.*.*.*"
	DigestSubjects  = "ers.digest.*.*.*"
	VerdictSubjects = "ers.verdict.*.*.*"
	GateSubjects    = "ers.gate.*"
)

// MaxPipelineName is the longest name that [CheckPipelineName] accepts, in bytes.
const MaxPipelineName = 64

// CheckPipelineName tells whether a name can be a subject token: 1 to 64 of
// A-Z a-z 0-9 _ and -.
func CheckPipelineName(name string) error { return checkToken("pipeline name", name) }

// CheckBudgetName tells whether a budget can have a name: one as a pipeline's.
func CheckBudgetName(name string) error { return checkToken("budget name", name) }

func checkToken(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s is empty: want 1 to %d of A-Z a-z 0-9 _ -", what, MaxPipelineName)
	}
	if len(name) > MaxPipelineName {
		return fmt.Errorf("%s %.20q… has %d bytes: want at most %d", what, name, len(name), MaxPipelineName)
	}
	for i, c := range name {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			_, size := utf8.DecodeRuneInString(name[i:])
			return fmt.Errorf("%s %q: character %d is %q: want only A-Z a-z 0-9 _ -", what, name, utf8.RuneCountInString(name[:i])+1, name[i:i+size])
		}
	}
	return nil
}

// CheckKind tells whether a kind of definitions can be a subject token: 1 to 32 of
// a-z 0-9 and -.
func CheckKind(kind string) error {
	if kind == "" || len(kind) > 32 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("kind of definition %.40q: want 1 to 32 of a-z 0-9 -", kind)
	}
	return nil
}

// WindowSubject is where windows of a pipeline are requested.
func WindowSubject(kind, pipeline string) string { return "ers.window." + kind + "." + pipeline }

// ParseWindowSubject is the reverse of WindowSubject.
func ParseWindowSubject(subject string) (kind, pipeline string, err error) {
	t, err := tokens(subject, "ers.window.", 2)
	if err != nil {
		return "", "", err
	}
	if err := CheckKind(t[0]); err != nil {
		return "", "", fmt.Errorf("subject %q: %w", subject, err)
	}
	return t[0], t[1], nil
}

// RunKey names a run: the last three tokens of its subjects.
type RunKey struct {
	Pipeline string
	Window   uint64
	Run      int
}

func (k RunKey) String() string {
	return k.Pipeline + "." + strconv.FormatUint(k.Window, 10) + "." + strconv.Itoa(k.Run)
}

// TraceSubject is where the frames of a run are published.
func TraceSubject(k RunKey) string { return "ers.trace." + k.String() }

// ParseTraceSubject is the reverse of TraceSubject.
func ParseTraceSubject(subject string) (RunKey, error) { return parseRun(subject, "ers.trace.") }

// DigestSubject is where the digests of a run are published.
func DigestSubject(k RunKey) string { return "ers.digest." + k.String() }

// ParseDigestSubject is the reverse of DigestSubject.
func ParseDigestSubject(subject string) (RunKey, error) { return parseRun(subject, "ers.digest.") }

// VerdictSubject is where the verdict of a window is recorded; the stream repeats
// it on [GateSubject].
func VerdictSubject(o Outcome, pipeline string, window uint64) string {
	return "ers.verdict." + string(o) + "." + pipeline + "." + strconv.FormatUint(window, 10)
}

// VerdictsOf matches the subjects of the verdicts on a pipeline with one outcome.
func VerdictsOf(o Outcome, pipeline string) string {
	return "ers.verdict." + string(o) + "." + pipeline + ".*"
}

// VerdictGuard matches the verdict subjects of one window whatever the outcome: a
// window has at most one verdict.
func VerdictGuard(pipeline string, window uint64) string {
	return VerdictSubject("*", pipeline, window)
}

// ParseVerdictSubject is the reverse of VerdictSubject.
func ParseVerdictSubject(subject string) (o Outcome, pipeline string, window uint64, err error) {
	t, err := tokens(subject, "ers.verdict.", 3)
	if err != nil {
		return "", "", 0, err
	}
	switch o = Outcome(t[0]); o {
	case Pass, Fail, Inconclusive:
	default:
		return "", "", 0, fmt.Errorf("subject %q: unknown outcome %q", subject, t[0])
	}
	window, err = parseCount(t[2])
	if err != nil {
		return "", "", 0, fmt.Errorf("subject %q: window: %w", subject, err)
	}
	return o, t[1], window, nil
}

// GateSubject is the alarm: every verdict as it is recorded, by outcome.
func GateSubject(o Outcome) string { return "ers.gate." + string(o) }

func parseRun(subject, prefix string) (RunKey, error) {
	t, err := tokens(subject, prefix, 3)
	if err != nil {
		return RunKey{}, err
	}
	window, err := parseCount(t[1])
	if err != nil {
		return RunKey{}, fmt.Errorf("subject %q: window: %w", subject, err)
	}
	run, err := parseCount(t[2])
	if err != nil || run >= MaxRuns {
		return RunKey{}, fmt.Errorf("subject %q: run %q is not a number from 0 to %d", subject, t[2], MaxRuns-1)
	}
	return RunKey{Pipeline: t[0], Window: window, Run: int(run)}, nil
}

// MaxRuns is the most runs that a window can have: the verdict on as many that all
// differ still fits into one message.
const MaxRuns = 1000

// tokens cuts the prefix off a subject and returns its n tokens. In every subject
// of ours the one before the numbers, or the only one, is a pipeline name.
func tokens(subject, prefix string, n int) ([]string, error) {
	rest, ok := strings.CutPrefix(subject, prefix)
	t := strings.Split(rest, ".")
	if !ok || len(t) != n {
		return nil, fmt.Errorf("subject %q is not %s with %d more tokens", subject, prefix, n)
	}
	pipeline := t[0]
	switch prefix {
	case "ers.verdict.", "ers.window.", "ers.control.", handoutPrefix:
		pipeline = t[1]
	}
	if err := CheckPipelineName(pipeline); err != nil {
		return nil, fmt.Errorf("subject %q: %w", subject, err)
	}
	return t, nil
}

// parseCount reads a decimal number in its one spelling: no sign, no leading zero.
func parseCount(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%q is not a number in plain decimal", s)
	}
	return n, nil
}
