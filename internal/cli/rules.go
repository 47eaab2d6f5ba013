package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/report"
)

// tellRules says how often each rule of a definition matched in each run: rules that never
// did, and those that did not match alike, are worth a look.
func tellRules(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, d *program.Definition) {
	ruled := slices.ContainsFunc(d.Tasks, func(t program.Task) bool { return len(t.Rules) > 0 })
	if !ruled {
		return
	}
	var runs []map[string][]int64 // by task, then by rule
	for run := range v.Runs {
		if counts := countRules(ctx, b, client.All(v.Key(), run, v.FirstTick, v.Ticks)); counts != nil {
			runs = append(runs, counts)
		}
	}
	fmt.Fprintln(io.out)
	for i := range d.Tasks {
		t := &d.Tasks[i]
		for j, rule := range t.Rules {
			var counts []int64
			for _, run := range runs {
				if of := run[t.Name]; j < len(of) {
					counts = append(counts, of[j])
				} else {
					counts = append(counts, 0) // the task had no value
				}
			}
			name := ""
			if len(d.Tasks) > 1 {
				name = " of " + t.Name
			}
			fmt.Fprintf(io.text(), "  rule %s%s  %s\n", report.Clean(rule.String()), report.Clean(name), inWords(counts))
		}
	}
}

// countRules adds up how often the rules of a run's tasks matched, in the ticks that are
// looked at; nil for a run that was given up.
func countRules(ctx context.Context, b *bus.Bus, run client.Run) map[string][]int64 {
	sum := make(map[string][]int64)
	frames := 0
	for f, err := range client.Frames(ctx, b, run) {
		if err != nil {
			return nil
		}
		if frames++; frames > looked {
			break
		}
		for task, list := range ruleCounts(f.Surroundings) {
			i := 0
			for n := range list.Elements() {
				if count, _ := n.Int(); i < len(sum[task]) {
					sum[task][i] += count
				} else {
					sum[task] = append(sum[task], count)
				}
				i++
			}
		}
	}
	return sum
}

// ruleCounts yields the tasks that have rules with how often each rule matched in a tick.
func ruleCounts(surroundings canon.Value) iter.Seq2[string, canon.Value] {
	if surroundings != "" {
		for name, member := range surroundings.Members() {
			if name == "rules" {
				return member.Members()
			}
		}
	}
	return func(func(string, canon.Value) bool) {}
}

// inWords says how often a rule matched.
func inWords(counts []int64) string {
	if len(counts) == 0 {
		return "is not known to have matched"
	}
	low, high := slices.Min(counts), slices.Max(counts)
	switch {
	case high == 0:
		return "never matched: is it right?"
	case low == high:
		return fmt.Sprintf("matched %s in each run", times(low))
	}
	var all []string
	for _, n := range counts {
		all = append(all, fmt.Sprint(n))
	}
	return "matched unequally: " + strings.Join(all, " ") + " times by run"
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
