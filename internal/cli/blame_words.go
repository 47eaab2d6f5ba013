package cli

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/vary"
)

// withVary is the command that made a window, with these variations in place of its own.
func withVary(v *events.Verdict, names []vary.Name, d *program.Definition) string {
	list := strings.ReplaceAll(vary.Text(names), ", ", ",")
	words, ok := report.ShellWords(v.Reproduce)
	if !ok || len(words) < 2 || !slices.Contains([]string{"run", "try", "submit"}, words[1]) || v.Probe != nil {
		return fmt.Sprintf("ers submit --window %d --vary %s", v.Window, list)
	}
	own := len(words) // what stands behind is the program's
	if words[1] == "try" && d != nil && len(d.Tasks) == 1 && d.Tasks[0].Command != nil {
		own = max(2, own-len(d.Tasks[0].Command.Command))
	}
	kept := append(slices.Clone(words[:2]), "--vary", list)
	for i := 2; i < own; i++ {
		name, _, joined := strings.Cut(words[i], "=")
		switch name {
		case "--blame", "--pair":
		case "--vary", "--max-runs":
			if !joined {
				i++
			}
		default:
			kept = append(kept, words[i])
		}
	}
	kept = append(kept, words[own:]...)
	return report.ShellLine(kept)
}
