package page

import (
	"context"
	"errors"

	"abraxas.dev/ers/internal/lanes"
	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// runAnswer is a run over a range of ticks, column by column.
type runAnswer struct {
	span
	Run    int            `json:"run"`
	Digest *record.Digest `json:"digest"` // the last; null while there is none
	*lanes.Picture
	Broken string `json:"broken,omitempty"` // why the record cannot be read further
}

func (s *Server) run(ctx context.Context, q query) (any, error) {
	asked, err := s.picture(ctx, q, "run")
	if err != nil {
		return nil, err
	}
	defer asked.done()

	a, err := s.readRun(ctx, asked.window, asked.runs[0], asked.at)
	if err != nil {
		return nil, err
	}
	d, err := record.LastDigest(ctx, s.Bus, asked.runs[0])
	if err == nil {
		a.Digest = &d
	} else if !errors.Is(err, bus.ErrNotFound) {
		return nil, err
	}
	return a, nil
}

// readRun reads the frames of a run into a picture.
func (s *Server) readRun(ctx context.Context, w *window, key events.RunKey, at span) (*runAnswer, error) {
	p := lanes.New(at.From, at.Step, at.Columns, w.request.Budget)
	broken, err := record.EachFrame(ctx, s.Bus, key, at.From, at.To, func(f record.Frame) { p.Add(f.FrameDecoder) })
	p.Finish()
	return &runAnswer{span: at, Run: key.Run, Picture: p, Broken: broken}, err
}
