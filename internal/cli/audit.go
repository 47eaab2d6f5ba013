package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/archive"
	"abraxas.dev/ers/internal/audit"
	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/events"
)

type auditCommand struct {
	stored
	Window uint64 `xor:"which" placeholder:"W" help:"One window alone. Left out: all that is there."`
	Last   bool   `xor:"which" help:"The last window alone."`
	ofPipeline
	JSON bool `name:"json" help:"Print the report as a JSON document."`

	Acknowledge string `placeholder:"FILE" type:"existingfile" help:"Findings that a person has looked at: lines of the finding's id and why it is no cause for alarm."`
}

func (*auditCommand) examples() string {
	return `  ers audit --store data                       everything that an embedded server kept
  ers audit                                    the same of the server, or of ./ers-data
  ers audit --last                             the last window alone
  ers audit --nats nats://127.0.0.1:4222 --window 17
  ers audit --store data --json | jq -r '.findings[] | .id + "  we tried the alarm"' > seen.txt
  ers audit --store data --acknowledge seen.txt
`
}

// maxAcknowledged is far above what a person has looked at.
const maxAcknowledged = 64 << 20

func (c *auditCommand) acknowledged() (audit.Acknowledged, error) {
	if c.Acknowledge == "" {
		return nil, nil
	}
	text, err := userfile.Read(c.Acknowledge, maxAcknowledged)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Acknowledge, err)
	}
	list, err := audit.ReadAcknowledged(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Acknowledge, err)
	}
	return list, nil
}

// manifest is that of the archive which is audited; nil: it is none.
func (c *auditCommand) manifest() ([]byte, error) {
	if c.Store == "" {
		return nil, nil
	}
	return archive.ManifestText(c.Store)
}

func (c *auditCommand) Run(ctx context.Context, io *streams) error {
	acknowledged, err := c.acknowledged()
	if err != nil {
		return err
	}
	c.long = true
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	manifest, err := c.manifest()
	if err != nil {
		return errors.Join(err, b.Close())
	}
	window := c.Window
	if c.Last || c.Pipeline != "" {
		if window, err = c.last(ctx, io, b); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	progress, stop := lateBar(io, "messages audited")
	report, err := audit.Run(ctx, b, audit.Options{Window: window, Acknowledged: acknowledged, Archive: manifest, Progress: progress})
	stop()
	if err = errors.Join(err, b.Close()); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	text := report.AppendText(nil)
	if c.JSON {
		if text, err = json.Marshal(report); err != nil {
			return err
		}
		text = append(text, '\n')
	}
	if _, err := io.text().Write(text); err != nil {
		return err
	}
	switch report.Outcome {
	case events.Pass:
		return nil
	case events.Fail:
		return errFail
	}
	if c.JSON {
		io.say("%s", report.Reason)
	}
	return errUnknown
}
