package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"abraxas.dev/ers/internal/audit"
	"abraxas.dev/ers/pkg/events"
)

type auditCommand struct {
	stored
	Window uint64 `placeholder:"W" help:"One window alone."`
	JSON   bool   `name:"json" help:"Print the report as a JSON document."`
}

func (*auditCommand) examples() string {
	return `  ers audit --store data                       everything that an embedded server kept
  ers audit --nats nats://127.0.0.1:4222 --window 17
`
}

func (c *auditCommand) Run(ctx context.Context, io *streams) error {
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	progress, stop := auditProgress(io)
	report, err := audit.Run(ctx, b, audit.Options{Window: c.Window, Progress: progress})
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
	if _, err := io.out.Write(text); err != nil {
		return err
	}
	switch report.Outcome {
	case events.Pass:
		return nil
	case events.Fail:
		return errFail
	}
	if c.JSON {
		fmt.Fprintf(io.err, "ers: %s\n", report.Reason)
	}
	return errUnknown
}

// auditProgress draws a progress bar on standard error, if that is a terminal, once
// the audit has taken long.
func auditProgress(io *streams) (progress func(done, total uint64), stop func()) {
	if !term.IsTerminal(int(io.err.Fd())) {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	began := time.Now()
	progress = func(done, total uint64) {
		if bar == nil && time.Since(began) > longWork {
			bar = newBar(io, int64(total), "messages audited")
		}
		if bar != nil {
			_ = bar.Set64(int64(done))
		}
	}
	return progress, func() {
		if bar != nil {
			_ = bar.Clear()
		}
	}
}
