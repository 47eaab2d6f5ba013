package cli

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// showArchived tells the verdict of a window of which there is no more to be drawn.
func (c *showCommand) showArchived(io *streams, p *events.Pruned, v *events.Verdict) error {
	text := fmt.Sprintf("window %d of %s is archived in %s\nsee its runs with `ers show --store %s --window %d`\n\n",
		p.Window, p.Pipeline, report.Clean(p.Archive), report.Clean(report.ShellWord(p.Archive)), p.Window)
	if _, err := io.out.Write(report.Append([]byte(report.Fold(text, io.width)), v, io.screen())); err != nil {
		return err
	}
	return c.judge(v)
}
