package against

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// SincePass says what is asked for in another way than in the last window of the pipeline
// that passed. nil: there is none.
func SincePass(ctx context.Context, b *bus.Bus, v *events.Verdict) (passed uint64, asked *Asked, err error) {
	passed, err = LastPass(ctx, b, v.Pipeline, v.Window)
	if passed == 0 || err != nil {
		return 0, nil, err
	}
	is, _, err := client.Get(ctx, b, v.Window)
	if err != nil {
		return 0, nil, err
	}
	was, _, err := client.Get(ctx, b, passed)
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil, nil // it was removed
	}
	if err != nil {
		return 0, nil, err
	}
	asked, err = ask(ctx, b, was, is)
	return passed, asked, err
}

// LastPass is the last window of a pipeline before another one that passed and that was no
// drill and no probe. 0: there is none.
func LastPass(ctx context.Context, b *bus.Bus, pipeline string, before uint64) (uint64, error) {
	subjects := events.VerdictsOf(events.Pass, pipeline)
	m, err := b.Last(ctx, events.StreamVerdict, subjects)
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if window := counts(m, pipeline, before); window > 0 {
		return window, nil
	}
	last := uint64(0)
	for m, err := range b.Read(ctx, events.StreamVerdict, subjects, 1, m.Seq) {
		if err != nil {
			return 0, err
		}
		if window := counts(m, pipeline, before); window > 0 {
			last = window
		}
	}
	return last, nil
}

// counts returns the window of the verdict in a message, 0 where it is none to be held
// against.
func counts(m bus.Message, pipeline string, before uint64) uint64 {
	passed := new(events.Verdict)
	if events.Decode(m.Data, passed) != nil || passed.Pipeline != pipeline || passed.Window >= before || passed.Drill != nil || passed.Probe != nil {
		return 0
	}
	return passed.Window
}
