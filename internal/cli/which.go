package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// whichFlags name a window. Left out, it is the last one that is there.
type whichFlags struct {
	Window *uint64 `xor:"which" placeholder:"W" help:"The window. Left out: the last."`
	ofPipeline
}

// ofPipeline chooses the last window of one pipeline.
type ofPipeline struct {
	Pipeline string `xor:"which" placeholder:"P" help:"The last window of this pipeline."`
}

// which is the number of the window that is meant.
func (w *whichFlags) which(ctx context.Context, io *streams, b *bus.Bus) (uint64, error) {
	if w.Window != nil {
		return *w.Window, nil
	}
	return w.last(ctx, io, b)
}

// last finds the last window that was asked for, and says which one it is.
func (p *ofPipeline) last(ctx context.Context, io *streams, b *bus.Bus) (uint64, error) {
	if p.Pipeline != "" {
		if err := events.CheckPipelineName(p.Pipeline); err != nil {
			return 0, fmt.Errorf("--pipeline: %w", err)
		}
	}
	m, err := b.Last(ctx, events.StreamWindow, events.WindowSubject("*", cmp.Or(p.Pipeline, "*")))
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		of := ""
		if p.Pipeline != "" {
			of = " of pipeline " + p.Pipeline
		}
		return 0, fmt.Errorf("there is no window%s here yet: `ers run --store DIR` and `ers submit` make one, `ers list` shows those that are there", of)
	}
	if err != nil {
		return 0, err
	}
	_, pipeline, err := events.ParseWindowSubject(m.Subject)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(io.err, "%s: the last window is %d of %s\n", io.name(), m.Seq, pipeline)
	return m.Seq, nil
}
