package workertest

import (
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/worker"
)

// ReportSchema is the version of a report as JSON.
const ReportSchema = "ers.worker-test.v1"

// Report is what all checks came to.
type Report struct {
	Command []string
	Hello   *worker.Hello // nil: it was not understood
	Results []Result
}

// Count returns how many checks came to an outcome.
func (r *Report) Count(o Outcome) (n int) {
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

// JSON returns the report as canonical JSON.
func (r *Report) JSON() ([]byte, error) {
	checks := make([]any, len(r.Results))
	for i, c := range r.Results {
		checks[i] = map[string]any{"name": c.Name, "why": c.Why, "outcome": string(c.Outcome), "seen": strings.ToValidUTF8(c.Seen, "\uFFFD")}
	}
	tasks := []string{}
	if r.Hello != nil {
		for _, t := range r.Hello.Tasks {
			tasks = append(tasks, t.Name)
		}
	}
	return canon.Append(nil, map[string]any{
		"schema": ReportSchema, "protocol": worker.Protocol, "command": r.Command, "tasks": tasks, "checks": checks,
		"passed": r.Count(Passed), "failed": r.Count(Failed), "not_seen": r.Count(NotSeen),
	})
}

// WriteText writes one result as text: a line, and below it what was seen.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	word := map[Outcome]string{Passed: "ok", Failed: "FAILED", NotSeen: "not seen"}[r.Outcome]
	switch r.Outcome {
	case Passed:
		fmt.Fprintf(&b, "%-9s %s\n", word, r.Name)
	case NotSeen:
		fmt.Fprintf(&b, "%-9s %-18s %s\n", word, r.Name, report.Clean(r.Seen))
	default:
		fmt.Fprintf(&b, "%-9s %s\n          seen: %s\n          why:  %s\n", word, r.Name, report.Clean(r.Seen), report.Clean(r.Why))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary says in one line what the checks came to.
func (r *Report) Summary() string {
	return fmt.Sprintf("%d checks: %d passed, %d failed, %d not seen", len(r.Results), r.Count(Passed), r.Count(Failed), r.Count(NotSeen))
}
