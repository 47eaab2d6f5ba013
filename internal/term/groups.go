package term

import (
	"fmt"
	"strings"
)

// Group is a set of runs that are equal to the byte. The hashes of a run that was
// never sealed are "".
type Group struct {
	Runs          []int // ascending
	Trace, Result string
}

// maxGroups is how many groups are listed, and maxRanges how many ranges of runs for
// each.
const (
	maxGroups = 16
	maxRanges = 6
)

// AppendGroups appends a line for each group: its letter, its runs and the beginnings
// of its hashes.
func AppendGroups(dst []byte, list []Group, color bool) []byte {
	shown := list[:min(len(list), maxGroups)]
	width := 0
	for _, g := range shown {
		width = max(width, len(ranges(g.Runs)))
	}
	for i, g := range shown {
		hashes := "never sealed"
		if g.Trace != "" {
			hashes = "trace " + short(g.Trace) + "   result " + short(g.Result)
		}
		dst = fmt.Appendf(dst, "  %s  %-*s   %s\n", paint(color, groupStyle(i), Letter(i)), width, ranges(g.Runs), hashes)
	}
	if more := len(list) - len(shown); more > 0 {
		dst = fmt.Appendf(dst, "  … and %d more\n", more)
	}
	return dst
}

// short is the beginning of a hash. What is none, in a verdict of another maker, must
// not move the cursor.
func short(hash string) string {
	return strings.Trim(fmt.Sprintf("%+q", hash[:min(len(hash), 12)]), `"`)
}

// ranges lists runs: "run 7", "runs 0-6, 8-11".
func ranges(runs []int) string {
	var parts []string
	for i := 0; i < len(runs); {
		last := i
		for last+1 < len(runs) && runs[last+1] == runs[last]+1 {
			last++
		}
		if len(parts) == maxRanges {
			parts = append(parts, fmt.Sprintf("and %d more", len(runs)-i))
			break
		}
		part := fmt.Sprint(runs[i])
		if last > i {
			part += fmt.Sprintf("-%d", runs[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	if len(runs) == 1 {
		return "run " + parts[0]
	}
	return "runs " + strings.Join(parts, ", ")
}
