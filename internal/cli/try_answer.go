package cli

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
)

// tell tells what the runs came to. Runs that all failed alike are no pass: what was to be
// tried has not run.
func (c *tryCommand) tell(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, document []byte, entry *lockfile.Entry) error {
	failed, err := c.allFailed(ctx, b, v)
	if err != nil {
		return err
	}
	if failed != "" && v.Outcome == events.Pass {
		if c.JSON {
			_, err = io.out.Write(append(document, '\n'))
		} else {
			_, err = fmt.Fprintf(io.out, "COULD NOT TELL  all %d runs are equal, and all fail: %s\n\n  Mend the command, or say that this is what is wanted: --expect-exit\n", v.Runs, failed)
		}
		return errors.Join(errUnknown, err, c.write(io, withoutPass(v, failed), c.JSON))
	}
	err = tellVerdict(ctx, io, b, v, document, &c.answerFlags)
	if !c.JSON {
		err = errors.Join(err, showDrift(ctx, io, b, v, entry), c.tellRules(ctx, io, b, v))
	}
	if failed != "" {
		fmt.Fprintf(io.err, "ers: note: no run ended well: %s\n", failed)
		return errUnknown
	}
	return err
}

// withoutPass is a verdict for CI systems, which know no other word for it.
func withoutPass(v *events.Verdict, why string) *events.Verdict {
	changed := *v
	changed.Outcome = events.Inconclusive
	for run := range v.Runs {
		changed.Problems = append(changed.Problems, events.Problem{Run: run, Reason: "the command fails: " + events.ClipReason(why)})
	}
	return &changed
}

// allFailed says how the command ended when it ended in every run otherwise than it should;
// "" when it did not.
func (c *tryCommand) allFailed(ctx context.Context, b *bus.Bus, v *events.Verdict) (how string, err error) {
	want := int64(0)
	if c.ExpectExit != nil {
		want = *c.ExpectExit
	}
	for run := range v.Runs {
		value, err := valueOf(ctx, b, v, run)
		if err != nil || value == "" {
			return "", err
		}
		r, err := command.Read(value)
		if err != nil {
			return "", err
		}
		if r.Signal == "" && r.Exit == want {
			return "", nil
		}
		if run == 0 {
			if how = fmt.Sprintf("exit status %d", r.Exit); r.Signal != "" {
				how = "ended by " + r.Signal
			}
			how += lastLine(r.Stderr)
		}
	}
	return how, nil
}

// valueOf is what the command came to in a run; "" when the run has no value.
func valueOf(ctx context.Context, b *bus.Bus, v *events.Verdict, run int) (canon.Value, error) {
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), run, v.FirstTick, v.Ticks)) {
		if err != nil {
			if ctx.Err() != nil {
				return "", err
			}
			return "", nil // a run that was given up: the verdict says why
		}
		return t.Results[0].Value, nil
	}
	return "", nil
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
