package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// ErrDiffers says that an archive is not what its manifest says, or not what the server has.
var ErrDiffers = errors.New("the archive does not hold")

func differs(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDiffers, fmt.Errorf(format, args...))
}

// Check holds every message of the archive against the manifest, and against the server where
// one is given: each must be there, equal to the byte, and nothing else of the windows may be
// there. What a window with a tombstone no longer has on the server is no difference.
func (a *Archive) Check(ctx context.Context, server *bus.Bus, gone map[uint64]*events.Pruned) error {
	for i, stream := range events.ArchivedStreams {
		c := &checker{Archive: a, server: server, gone: gone, stream: stream, sums: newSums(stream)}
		if err := c.run(ctx); err != nil {
			return err
		}
		for j := range a.Windows {
			w := &a.Windows[j]
			if found := c.sums.part(name{w.Pipeline, w.Window}); found != w.Parts[i] {
				return differs("window %d has %d messages with hash %.12s… in %s, and %s says %d with %.12s…", w.Window,
					found.Messages, found.SHA256, stream, events.ArchiveName, w.Parts[i].Messages, w.Parts[i].SHA256)
			}
		}
		if voids := c.sums.voids.end(); stream == events.StreamWindow && voids != a.Voids {
			return differs("the void requests are others than %s says", events.ArchiveName)
		}
	}
	return a.checkObjects(ctx)
}

// checkObjects makes sure that the archive has the objects that the manifest lists.
func (a *Archive) checkObjects(ctx context.Context) error {
	checked := make(map[string]bool)
	for i := range a.Windows {
		for _, sha := range a.Windows[i].Objects {
			if checked[sha] {
				continue
			}
			checked[sha] = true
			o, err := a.bus.OpenObject(ctx, sha)
			if err == nil {
				_, err = io.Copy(io.Discard, o) // which makes sure that it is the one
				err = errors.Join(err, o.Close())
			}
			if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) || errors.Is(err, bus.ErrNoStream) {
				return differs("window %d: %w", a.Windows[i].Window, err)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// checker checks one stream.
type checker struct {
	*Archive
	server *bus.Bus
	gone   map[uint64]*events.Pruned
	stream string
	sums   *sums
}

func (c *checker) run(ctx context.Context) error {
	next, stop := iter.Pull2(c.onServer(ctx))
	defer stop()
	theirs, err, more := next()
	for ours, readErr := range c.bus.ReadWhole(ctx, c.stream, 1, 0) {
		if readErr != nil {
			return missingIn(readErr)
		}
		for more && err == nil && theirs.Seq < ours.Seq {
			if err := c.extra(&theirs); err != nil {
				return err
			}
			theirs, err, more = next()
		}
		if err != nil {
			return err
		}
		var found *bus.Message
		if more && theirs.Seq == ours.Seq {
			found = &theirs
		}
		if err := c.message(&ours, found); err != nil {
			return err
		}
		if found != nil {
			theirs, err, more = next()
		}
	}
	for ; more; theirs, err, more = next() {
		if err == nil {
			err = c.extra(&theirs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missingIn says of a stream that an archive has not that it is the archive which does not hold.
func missingIn(err error) error {
	if errors.Is(err, bus.ErrNoStream) {
		return differs("a stream is missing in it: %w", err)
	}
	return err
}

// onServer are the messages of the archive's windows on the server.
func (c *checker) onServer(ctx context.Context) iter.Seq2[bus.Message, error] {
	return func(yield func(bus.Message, error) bool) {
		if c.server == nil {
			return
		}
		for m, err := range c.server.ReadWhole(ctx, c.stream, 1, 0) {
			if err == nil && !c.isOurs(&m) {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func (c *checker) isOurs(m *bus.Message) bool {
	if m.Subject == events.VoidSubject {
		return m.Seq <= c.Ends.Window
	}
	n, ok := windowOf(m)
	return ok && c.of[n] != nil && !isTombstone(m)
}

// extra is a message that the server has and the archive has not. Behind the archive's end
// ERS_WINDOW may have more: nothing is freed there.
func (c *checker) extra(m *bus.Message) error {
	if c.stream == events.StreamWindow && m.Seq > c.Ends.Window {
		return nil
	}
	return differs("%s sequence %d on %s is not in it", m.Stream, m.Seq, m.Subject)
}

// message checks a message of the archive, and the one that the server has under its
// sequence, nil for none.
func (c *checker) message(m, found *bus.Message) error {
	if !c.isOurs(m) {
		return differs("%s sequence %d on %s is of no window that %s lists", m.Stream, m.Seq, m.Subject, events.ArchiveName)
	}
	n, _ := windowOf(m)
	w := c.of[n]
	if w == nil {
		c.sums.voids.add(m)
	} else {
		c.sums.add(n, m)
		if err := identity(w, m); err != nil {
			return err
		}
	}
	switch {
	case found != nil && !bytes.Equal(appendMessage(nil, m), appendMessage(nil, found)):
		return differs("%s sequence %d on %s is another message on the server", m.Stream, m.Seq, m.Subject)
	case found == nil && c.server != nil && !(w != nil && c.gone[w.Window] != nil && slices.Contains(events.PrunedStreams, c.stream)):
		return differs("%s sequence %d on %s is not on the server, and no tombstone says why", m.Stream, m.Seq, m.Subject)
	}
	return nil
}

// identity makes sure that request and verdict are those that the manifest names.
func identity(w *events.ArchivedWindow, m *bus.Message) error {
	switch {
	case m.Stream == events.StreamWindow && m.Seq == w.Window && events.RequestSHA256(m.Data) != w.Request:
		return differs("the request of window %d is not the one that %s names", w.Window, events.ArchiveName)
	case m.Stream == events.StreamVerdict && (m.Seq != w.VerdictSeq || canon.Sum(m.Data).String() != w.VerdictSHA256 ||
		m.Subject != events.VerdictSubject(w.Outcome, w.Pipeline, w.Window)):
		return differs("the verdict of window %d is not the one that %s names", w.Window, events.ArchiveName)
	}
	return nil
}

// tombstones reads which windows of the server are archived somewhere.
func tombstones(ctx context.Context, b *bus.Bus) (map[uint64]*events.Pruned, error) {
	found := make(map[uint64]*events.Pruned)
	for m, err := range b.Read(ctx, events.StreamWindow, events.PrunedSubjects, 1, 0) {
		if err != nil {
			return nil, err
		}
		p, err := events.ReadPruned(m)
		if err != nil {
			return nil, err
		}
		found[p.Window] = p
	}
	return found, nil
}

// tombstone is what is to be said of a window when it is freed.
func (a *Archive) tombstone(w *events.ArchivedWindow, place string) *events.Pruned {
	p := &events.Pruned{Schema: events.PrunedSchema, Pipeline: w.Pipeline, Window: w.Window, Request: w.Request, Outcome: w.Outcome,
		VerdictSeq: w.VerdictSeq, VerdictSHA256: w.VerdictSHA256, Archive: place, ArchiveSHA256: a.SHA256}
	for _, part := range w.Parts {
		if slices.Contains(events.PrunedStreams, part.Stream) {
			p.Parts = append(p.Parts, part)
		}
	}
	return p
}

// isOf tells whether a tombstone says of a window what this archive has of it, wherever
// the archive was then.
func (a *Archive) isOf(p *events.Pruned, w *events.ArchivedWindow) bool {
	return reflect.DeepEqual(p, a.tombstone(w, p.Archive))
}
