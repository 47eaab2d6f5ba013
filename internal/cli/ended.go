package cli

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/command"
)

// definitionOf reads the definition of a window; nil when it cannot be had, without which
// the verdict stands.
func definitionOf(ctx context.Context, b *bus.Bus, v *events.Verdict) (*program.Definition, error) {
	data, err := b.GetObject(ctx, v.DefinitionSHA256)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := program.DecodeDefinition(data)
	if err != nil {
		return nil, nil
	}
	return d, nil
}

// failedAlike tells whether a window that passed is one of commands that all fail.
func failedAlike(ctx context.Context, b *bus.Bus, v *events.Verdict) (bool, error) {
	d, err := definitionOf(ctx, b, v)
	if d == nil || err != nil {
		return false, err
	}
	how, err := allFailed(ctx, b, v, d)
	return how != "", err
}

// allFailed says how a command ended that ended in every run, in each tick that is looked
// at, with another exit status than it should; "" when there is none. Equal runs of a
// command that fails are no pass: what was to be tried has not run.
func allFailed(ctx context.Context, b *bus.Bus, v *events.Verdict, d *program.Definition) (how string, err error) {
	expected := make(map[string]int64) // the exit status that says that all is well, by task
	for i := range d.Tasks {
		if t := &d.Tasks[i]; t.Command != nil {
			expected[t.Name] = t.Command.ExpectExit
		}
	}
	if len(expected) == 0 {
		return "", nil
	}
	runs := v.Runs
	if v.Outcome == events.Pass {
		runs = 1 // the others are equal
	}
	for run := range runs {
		if err := keepFailed(ctx, b, client.All(v.Key(), run, v.FirstTick, v.Ticks), expected, &how); err != nil || len(expected) == 0 {
			return "", err
		}
	}
	return how, nil
}

// keepFailed leaves in expected the tasks whose commands never end as they should in a run.
func keepFailed(ctx context.Context, b *bus.Bus, run client.Run, expected map[string]int64, how *string) error {
	ticks := 0
	attempted := make(map[string]bool)
	for t, err := range client.Ticks(ctx, b, run) {
		if err != nil || ticks == looked {
			if ctx.Err() != nil {
				return err
			}
			break // a run that was given up: the verdict says why
		}
		ticks++
		for i := range t.Results {
			r := &t.Results[i]
			want, ok := expected[r.Name]
			if !ok || r.Status != events.OK {
				continue
			}
			attempted[r.Name] = true
			if said := endedBadly(r.Value, want); said == "" {
				delete(expected, r.Name)
			} else if *how == "" {
				*how = fmt.Sprintf("%s: %s", r.Name, said)
			}
		}
	}
	for name := range expected {
		if !attempted[name] {
			delete(expected, name)
		}
	}
	return nil
}

// endedBadly says how a command ended; "" when it ended as it should.
func endedBadly(value canon.Value, want int64) string {
	r, err := command.Read(value)
	switch {
	case err != nil || r.Signal == "" && r.Exit == want:
		return ""
	case r.Signal != "":
		return "ended by " + r.Signal + lastLine(r.Stderr)
	}
	return fmt.Sprintf("exit status %d%s", r.Exit, lastLine(r.Stderr))
}

// lastLine is the last line of a text, for people.
func lastLine(c *command.Content) string {
	last := ""
	if c != nil && c.Inline != "" {
		for line := range c.Inline.Elements() {
			if text, ok := line.Text(); ok && text != "" {
				last = text
			}
		}
	}
	if last == "" {
		return ""
	}
	return fmt.Sprintf(", after %.200q", last)
}

// withoutPass is a verdict for CI systems, which know no other word for it.
func withoutPass(v *events.Verdict, why string) *events.Verdict {
	changed := *v
	changed.Outcome, changed.Excludes = events.Inconclusive, nil
	for run := range v.Runs {
		changed.Problems = append(changed.Problems, events.Problem{Run: run, Reason: events.ClipReason("the command fails: " + why)})
	}
	return &changed
}
