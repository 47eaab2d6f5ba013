package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/archive"
	"abraxas.dev/ers/pkg/events"
)

type archiveCommand struct {
	stored
	Before   uint64   `xor:"which" placeholder:"W" help:"All windows with a lower number that have their verdict."`
	Window   []uint64 `xor:"which" placeholder:"W" help:"This window; several as in 1,2,3."`
	Pipeline string   `placeholder:"P" help:"Windows of this pipeline alone."`
	Out      string   `name:"out" short:"o" required:"" type:"path" placeholder:"DIR" help:"Folder to make. Whatever takes --store reads it."`
	JSON     bool     `name:"json" help:"Print what was archived as a JSON document."`
}

func (*archiveCommand) examples() string {
	return `  ers archive --before 1000 -o windows-1000    with NATS_URL set
  ers archive --store data --window 3,4 -o kept
  ers audit --store windows-1000               is it whole?
`
}

// archiveSchema is the version of the document.
const archiveSchema = "ers.archived.v1"

// archiveAnswer is what `ers archive` did, for machines.
type archiveAnswer struct {
	Schema  string            `json:"schema"`
	Archive string            `json:"archive"` // folder
	SHA256  string            `json:"archive_sha256"`
	Windows []uint64          `json:"windows"`
	LeftOut []archive.LeftOut `json:"left_out"`
}

func (c *archiveCommand) Run(ctx context.Context, io *streams) error {
	if c.Before == 0 && len(c.Window) == 0 {
		return errors.New("say which windows: --before W for all with a lower number, or --window W")
	}
	if c.Pipeline != "" {
		if err := events.CheckPipelineName(c.Pipeline); err != nil {
			return fmt.Errorf("--pipeline: %w", err)
		}
	}
	c.long = true
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	progress, stop := lateBar(io, "messages read")
	m, out, err := archive.Write(ctx, b, c.Out, archive.Choice{Before: c.Before, Windows: c.Window, Pipeline: c.Pipeline}, progress)
	stop()
	for _, w := range out {
		io.say("window %d is not archived: %s", w.Window, w.Reason)
	}
	if err = errors.Join(err, b.Close()); err != nil {
		return err
	}
	return c.tell(io, m, out)
}

func (c *archiveCommand) tell(io *streams, m *events.Archive, out []archive.LeftOut) error {
	_, sha, err := archive.ReadManifest(c.Out)
	if err != nil {
		return err
	}
	messages := int64(0)
	answer := &archiveAnswer{Schema: archiveSchema, Archive: c.Out, SHA256: sha, LeftOut: append([]archive.LeftOut{}, out...)}
	for i := range m.Windows {
		answer.Windows = append(answer.Windows, m.Windows[i].Window)
		for _, part := range m.Windows[i].Parts {
			messages += part.Messages
		}
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(answer)
	}
	what := fmt.Sprintf("window %d", answer.Windows[0])
	if n := len(m.Windows); n > 1 {
		what = fmt.Sprintf("%d windows, the first %d and the last %d", n, answer.Windows[0], answer.Windows[n-1])
	}
	_, err = fmt.Fprintf(io.text(), "archived in %s: %s, with %d messages\nmanifest  SHA-256 %s\n", c.Out, what, messages, sha)
	return err
}
