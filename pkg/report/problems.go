package report

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// problems says why a window could not be judged, message by message, and what to do.
func (p *page) problems(v *events.Verdict) {
	if len(v.Problems) == 0 {
		return
	}
	p.heading("what is wrong")
	shown := v.Problems[:min(len(v.Problems), MaxRows)]
	label := 0
	for _, problem := range shown {
		label = max(label, len(runs([]int{problem.Run})))
	}
	for _, problem := range shown {
		for i, line := range wrap(clean(problem.Reason), p.width-indent-label-gap) {
			run := ""
			if i == 0 {
				run = runs([]int{problem.Run})
			}
			p.line(blank(indent), p.paint(bold, pad(run, label+gap)), line)
		}
		where, command := message(v, &problem)
		p.line(blank(indent+label+gap), p.paint(dim, clip(where, p.width-indent-label-gap)))
		if command != "" {
			p.line(blank(indent+label+gap), command)
		}
	}
	p.more(len(v.Problems)-len(shown), "problems")
	p.note(boldYellow, "NOTHING IS PROVED", "by this window, neither that the runs are equal nor that they differ. "+theOthers(v))
	if v.Pipeline != "" {
		p.note(bold, "What to do:", "look at the messages named above, mend what made them, and ask for the window again.")
	}
}

// message says which message a problem is about, and how to look at it.
func message(v *events.Verdict, problem *events.Problem) (where, command string) {
	stream := clean(problem.Stream)
	if problem.Seq > 0 {
		return fmt.Sprintf("%s, sequence %d", stream, problem.Seq), fmt.Sprintf("nats stream get %s %d", stream, problem.Seq)
	}
	if events.CheckPipelineName(v.Pipeline) != nil {
		return "no message is to blame", ""
	}
	key := events.RunKey{Pipeline: v.Pipeline, Window: v.Window, Run: problem.Run}
	switch problem.Stream {
	case events.StreamDigest:
		return stream + ", no sequence known; the last message of the run:", fmt.Sprintf("nats stream get %s -S %s", stream, events.DigestSubject(key))
	case events.StreamTrace:
		return stream + ", no sequence known; the last message of the run:", fmt.Sprintf("nats stream get %s -S %s", stream, events.TraceSubject(key))
	}
	return stream, ""
}

// theOthers says what is known of the runs that are complete.
func theOthers(v *events.Verdict) string {
	sealed := 0
	for _, g := range v.Groups {
		sealed += len(g.Runs)
	}
	switch {
	case sealed == 0:
		return "No run is complete."
	case sealed == v.Runs && len(v.Groups) == 1:
		return "All runs have the same hashes."
	case len(v.Groups) == 1 && sealed > 1:
		return fmt.Sprintf("The %d complete runs have the same hashes.", sealed)
	case len(v.Groups) == 1:
		return "Only one run is complete."
	}
	return fmt.Sprintf("The %d complete runs fall into %d groups by their hashes.", sealed, len(v.Groups))
}
