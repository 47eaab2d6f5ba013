package report

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// trouble is the problems of a verdict that have one reason.
type trouble struct {
	reason, stream string
	runs           []int
	seqs           []uint64 // ascending; those that are known
}

// troubles groups the problems of a verdict by reason and stream.
func troubles(v *events.Verdict) (list []trouble) {
	type key struct{ reason, stream string }
	index := make(map[key]int)
	for _, problem := range v.Problems {
		k := key{problem.Reason, problem.Stream}
		i, ok := index[k]
		if !ok {
			i = len(list)
			index[k] = i
			list = append(list, trouble{reason: problem.Reason, stream: problem.Stream})
		}
		list[i].runs = append(list[i].runs, problem.Run)
		if problem.Seq > 0 {
			list[i].seqs = append(list[i].seqs, problem.Seq)
		}
	}
	for i := range list {
		slices.Sort(list[i].seqs)
		list[i].seqs = slices.Compact(list[i].seqs)
	}
	return list
}

// problems says why a window could not be judged, reason by reason, which messages
// show it, and what to do.
func (p *page) problems(v *events.Verdict) {
	all := troubles(v)
	if len(all) == 0 {
		return
	}
	heading := "what is wrong"
	if v.Outcome == events.Fail {
		heading = "runs that could not be judged"
	}
	p.heading(heading)
	shown := all[:min(len(all), MaxRows)]
	label := 0
	for i := range shown {
		if w := width(runs(shown[i].runs)); w <= p.width/4 {
			label = max(label, w)
		}
	}
	for i := range shown {
		p.trouble(v, &shown[i], label)
	}
	p.more(len(all)-len(shown), "reasons")
	if v.Outcome == events.Fail {
		return // the difference is shown, whatever these runs are
	}
	p.note(boldYellow, "NOTHING IS PROVED", "by this window, neither that the runs are equal nor that they differ. "+theOthers(v))
	if v.Pipeline != "" {
		p.note(bold, "What to do:", "look at the messages named above, mend what made them, and ask for the window again.")
	}
}

// trouble writes the runs, in a column of their own if they fit there, and beside
// them the reason and the messages.
func (p *page) trouble(v *events.Verdict, t *trouble, label int) {
	head := clip(runs(t.runs), p.width-indent)
	if width(head) > label {
		p.line(blank(indent), p.paint(bold, head))
		head = ""
	}
	columns := max(p.prose()-indent-label-gap, leastProse)
	for _, line := range wrap(clean(t.reason), columns) {
		p.line(blank(indent), p.paint(bold, pad(head, label+gap)), line)
		head = ""
	}
	where, command := t.messages(v)
	p.line(blank(indent+label+gap), p.paint(dim, clip(where, columns)))
	if command != "" {
		p.shell(blank(indent+label+gap), "", command)
	}
}

// messages says which messages show a trouble, and how to look at the first.
func (t *trouble) messages(v *events.Verdict) (where, command string) {
	stream := clean(t.stream)
	if len(t.seqs) > 0 {
		noun := "sequence"
		if len(t.seqs) > 1 {
			noun = "sequences"
		}
		return fmt.Sprintf("%s, %s %s", stream, noun, numbers(t.seqs)), fmt.Sprintf("nats stream get %s %d", stream, t.seqs[0])
	}
	if events.CheckPipelineName(v.Pipeline) != nil {
		return "no message is to blame", ""
	}
	key := events.RunKey{Pipeline: v.Pipeline, Window: v.Window, Run: t.runs[0]}
	where = fmt.Sprintf("%s, no sequence known; the last message of run %d:", stream, key.Run)
	switch t.stream {
	case events.StreamDigest:
		return where, fmt.Sprintf("nats stream get %s -S %s", stream, events.DigestSubject(key))
	case events.StreamTrace:
		return where, fmt.Sprintf("nats stream get %s -S %s", stream, events.TraceSubject(key))
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
