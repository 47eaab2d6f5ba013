package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrShort says that a stream does not have a position that somebody remembers: it was
// removed and made anew, restored from an older copy, or cut short. Waiting does not
// help. With errors.As a [*ShortError] has the details.
var ErrShort = events.ErrShort

// ShortError is the ErrShort of one reader.
type ShortError struct {
	Stream string
	From   uint64 // the sequence that was to be read next
	Last   uint64 // of the stream now
	Anew   bool   // the stream is not the one that was there when we connected
}

func (e *ShortError) Error() string {
	what := "the stream does not go that far"
	if e.Anew {
		what = "the stream was removed and made anew"
	}
	return fmt.Sprintf("%s: %s: it is to be read from sequence %d on, and its last is %d; restore it from a backup, or run `ers repair`, which says what is lost", e.Stream, what, e.From, e.Last)
}

func (e *ShortError) Is(target error) bool { return target == ErrShort }

// checkPosition makes sure that a stream is the one that was there when we connected, and
// that reading it from a sequence on means something: that it has the message before.
func (b *Bus) checkPosition(ctx context.Context, stream string, from uint64) error {
	if from <= 1 {
		return nil // everything that there is
	}
	return b.unlessStale(ctx, func(ctx context.Context) error {
		s, err := b.state(ctx, stream)
		if err != nil {
			return err
		}
		anew := !s.Created.Equal(b.born[stream])
		if anew || from > s.State.LastSeq+1 {
			return &ShortError{stream, from, s.State.LastSeq, anew}
		}
		return nil
	})
}

// A server that is cut off from the others of its cluster believes for ten seconds that it still
// leads a stream, and answers for it. So a stream of a cluster is short only when it is for longer.
const staleFor = 15 * time.Second

// unlessStale looks again, for as long as a server may be cut off, at a stream that is too short.
func (b *Bus) unlessStale(ctx context.Context, look func(context.Context) error) error {
	mayBeStale := func(err error) bool { return errors.Is(err, ErrShort) && b.nc.ConnectedClusterName() != "" }
	return b.askAgain(ctx, staleFor, "it may be cut off from its cluster", mayBeStale, look)
}

// state asks for a stream as it is now.
func (b *Bus) state(ctx context.Context, stream string) (s *jetstream.StreamInfo, err error) {
	err = b.patiently(ctx, func(ctx context.Context) error {
		s, err = b.askState(ctx, stream)
		return err
	})
	return s, err
}

func (b *Bus) askState(ctx context.Context, stream string) (*jetstream.StreamInfo, error) {
	if _, err := b.stream(stream); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	ctx, done := b.heed(ctx, b.apiPrefix+"STREAM.INFO."+stream)
	defer done()
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, heeded(ctx, err)
	}
	return s.CachedInfo(), nil
}
