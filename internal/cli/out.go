package cli

import (
	"context"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/rules"
)

// tellOut names the globs of a command's files to which no file of a window that passed
// belongs: they would make a pass of nothing.
func tellOut(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, d *program.Definition) {
	unmet := make(map[string][]string) // globs, by task
	for i := range d.Tasks {
		if t := &d.Tasks[i]; t.Command != nil && len(t.Command.Out) > 0 {
			unmet[t.Name] = t.Command.Out
		}
	}
	if len(unmet) == 0 || v.Outcome != events.Pass {
		return
	}
	ticks := 0
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)) {
		if err != nil || ticks == looked {
			return
		}
		ticks++
		for i := range t.Results {
			meet(unmet, &t.Results[i])
		}
	}
	for i := range d.Tasks {
		for _, glob := range unmet[d.Tasks[i].Name] {
			fmt.Fprintf(io.text(), "\n  out %s  no such file was made or changed: is it right?\n", report.Clean(glob))
		}
	}
}

// meet takes out of unmet the globs to which a file of a result belongs.
func meet(unmet map[string][]string, r *events.TaskResult) {
	globs := unmet[r.Name]
	if len(globs) == 0 {
		return
	}
	reading, err := command.Read(r.Value)
	if err != nil {
		return
	}
	if reading.FilesObject != nil { // they are too many to be none
		delete(unmet, r.Name)
		return
	}
	var left []string
	for _, glob := range globs {
		met := false
		for path := range reading.Files {
			met = met || rules.Match(glob, path)
		}
		if !met {
			left = append(left, glob)
		}
	}
	unmet[r.Name] = left
}
