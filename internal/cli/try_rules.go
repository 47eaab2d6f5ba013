package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// tellRules says how often each rule matched in each run: rules that never did, and those
// that did not match alike, are worth a look.
func (c *tryCommand) tellRules(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict) error {
	texts := append(slices.Clone(c.Ignore), c.Round...)
	if len(texts) == 0 {
		return nil
	}
	counts := make([][]int64, len(texts)) // by rule, then by run
	for run := range v.Runs {
		for f, err := range client.Frames(ctx, b, client.All(v.Key(), run, v.FirstTick, v.Ticks)) {
			if err != nil {
				break // a run that was given up: the verdict says why
			}
			for i, n := range ruleCounts(f.Surroundings) {
				if i < len(counts) {
					counts[i] = append(counts[i], n)
				}
			}
		}
	}
	fmt.Fprintln(io.out)
	for i, text := range texts {
		fmt.Fprintf(io.out, "  rule %s  %s\n", text, inWords(counts[i]))
	}
	return nil
}

// ruleCounts are the counts of the rules of the one task that there is.
func ruleCounts(surroundings canon.Value) (counts []int64) {
	if surroundings == "" {
		return nil
	}
	for name, member := range surroundings.Members() {
		if name != "rules" {
			continue
		}
		for _, list := range member.Members() {
			for n := range list.Elements() {
				count, _ := n.Int()
				counts = append(counts, count)
			}
		}
	}
	return counts
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
