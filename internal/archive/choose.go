package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// Choice says which windows are wanted.
type Choice struct {
	Before   uint64   // those with a lower number; 0: see Windows
	Windows  []uint64 // these, each of which must be whole
	Pipeline string   // of this pipeline alone; "": all
}

// LeftOut is a window that was in the range and is not in the archive.
type LeftOut struct {
	Window uint64 `json:"window"`
	Reason string `json:"reason"`
}

// chosen is a window that is whole: it is judged, and all that follows from that is there.
type chosen struct {
	events.ArchivedWindow
	definition, contexts string // objects
}

// choose looks which windows are wanted and whole.
func choose(ctx context.Context, b *bus.Bus, c Choice, end uint64) (list []*chosen, out []LeftOut, err error) {
	filter := events.WindowSubject("*", "*")
	if c.Pipeline != "" {
		filter = events.WindowSubject("*", c.Pipeline)
	}
	if c.Before > 0 {
		end = min(end, c.Before-1)
	}
	if end == 0 {
		return nil, nil, nil
	}
	seen := make(map[uint64]bool)
	for m, err := range b.Read(ctx, events.StreamWindow, filter, 1, end) {
		if err != nil {
			return nil, nil, err
		}
		if c.Before == 0 && !slices.Contains(c.Windows, m.Seq) {
			continue
		}
		seen[m.Seq] = true
		w, why, err := whole(ctx, b, m)
		if err != nil {
			return nil, nil, fmt.Errorf("window %d: %w", m.Seq, err)
		}
		if why != "" {
			out = append(out, LeftOut{m.Seq, why})
			continue
		}
		list = append(list, w)
	}
	for _, w := range c.Windows {
		if !seen[w] {
			out = append(out, LeftOut{w, "there is no such window"})
		}
	}
	return list, out, nil
}

// whole makes sure that nothing is to come any more of a window. why says what is.
func whole(ctx context.Context, b *bus.Bus, m bus.Message) (w *chosen, why string, err error) {
	r, key, err := events.ReadRequest(m)
	if err != nil {
		return nil, "its request cannot be read: " + err.Error(), nil
	}
	tombstone, err := client.Archived(ctx, b, key)
	if err != nil {
		return nil, "", err
	}
	if tombstone != nil {
		return nil, "it is archived already, in " + tombstone.Archive, nil
	}
	last, err := b.Last(ctx, events.StreamVerdict, events.VerdictGuard(key.Pipeline, key.Window))
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		return nil, "it has no verdict yet", nil
	}
	if err != nil {
		return nil, "", err
	}
	v, err := events.ReadVerdict(last)
	if err == nil && v.Key() != key {
		err = errors.New("it is of another request")
	}
	if err != nil {
		return nil, "its verdict cannot be read: " + err.Error(), nil
	}
	_, err = b.Last(ctx, events.StreamViz, events.StabilitySubject(key.Pipeline, key.Window))
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		return nil, "its documents for viewers are not all there yet: the feed of a gate appends them", nil
	}
	if err != nil {
		return nil, "", err
	}
	return &chosen{events.ArchivedWindow{Pipeline: key.Pipeline, Window: key.Window, Request: key.Request, Outcome: v.Outcome,
		VerdictSeq: last.Seq, VerdictSHA256: canon.Sum(last.Data).String()}, r.DefinitionSHA256, r.ContextsSHA256}, "", nil
}
