package bus

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrDenyPurge says that a stream lets nothing be purged: it was made by an ERS that
// allowed no retention.
var ErrDenyPurge = errors.New("it has deny_purge, which a server never takes back, so nothing can be freed there: `ers archive` works, `ers prune` needs streams that were made without it")

// Free purges what a stream has on a filter up to a sequence, and makes sure that it
// is gone. Doing it again is no error.
func (b *Bus) Free(ctx context.Context, stream, filter string, last uint64) error {
	if last == 0 {
		return nil
	}
	if err := b.purge(ctx, stream, jetstream.WithPurgeSubject(filter), jetstream.WithPurgeSequence(last+1)); err != nil {
		return err
	}
	m, err := b.Next(ctx, stream, filter, 1)
	if err == nil && m.Seq <= last {
		return fmt.Errorf("stream %s: sequence %d is still there after a purge of %s", stream, m.Seq, filter)
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// MayFree tells why nothing can be purged from a stream; nil: it can.
func (b *Bus) MayFree(ctx context.Context, stream string) error {
	s, err := b.state(ctx, stream)
	if err == nil && s.Config.DenyPurge {
		err = ErrDenyPurge
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	return nil
}

// A purge that gets no answer is asked for again, since the leader may have ended with it. How long a
// server may take to find the messages of a window in a stream doubles, from the first to the last.
const (
	firstPurge = 2 * apiTimeout
	lastPurge  = 5 * time.Minute
)

func (b *Bus) purge(ctx context.Context, stream string, options ...jetstream.StreamPurgeOpt) error {
	if b.readOnly {
		return fmt.Errorf("purge stream %s: the bus is open for reading alone", stream)
	}
	s, err := b.stream(stream)
	if err != nil {
		return err
	}
	limit, patience := lastPurge, b.patience
	if patience > 0 {
		limit, patience = firstPurge, max(patience, lastPurge)
	}
	err = b.patientlyFor(ctx, patience, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx, done := b.heed(ctx, b.apiPrefix+"STREAM.PURGE."+stream)
		defer done()
		limit = min(2*limit, lastPurge)
		return heeded(ctx, s.Purge(ctx, options...))
	})
	if err != nil {
		return fmt.Errorf("purge stream %s: %w", stream, err)
	}
	return nil
}

// FreeObject removes an object, with all entries under its name. Doing it again is no error. What somebody
// puts under the name meanwhile stays.
//
// Commit point: the purge of the entries, after that of the pieces. A crash before it leaves the
// entries, by which the next call finds the pieces.
func (b *Bus) FreeObject(ctx context.Context, sha string) error {
	last, err := b.Last(ctx, objectStream.Name, entrySubject(sha))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	var entries []jetstream.ObjectInfo
	if err == nil {
		entries, err = b.entries(ctx, sha, last.Seq)
	}
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("free object %s: %w", sha, err)
	}
	for i := range entries {
		if err := b.purge(ctx, objectStream.Name, jetstream.WithPurgeSubject(objectSubjects+"C."+entries[i].NUID)); err != nil {
			return err
		}
	}
	return b.purge(ctx, objectStream.Name, jetstream.WithPurgeSubject(entrySubject(sha)), jetstream.WithPurgeSequence(last.Seq+1))
}

// ObjectNames returns the SHA-256 of the objects that have an entry.
func (b *Bus) ObjectNames(ctx context.Context) (map[string]bool, error) {
	found := make(map[string]bool)
	if _, ok := b.streams[objectStream.Name]; !ok {
		return found, nil
	}
	prefix := objectSubjects + "M."
	subjects, err := b.Subjects(ctx, objectStream.Name, prefix+"*")
	if err != nil {
		return nil, err
	}
	for subject := range subjects {
		if sha, err := base64.URLEncoding.DecodeString(strings.TrimPrefix(subject, prefix)); err == nil {
			found[string(sha)] = true
		}
	}
	return found, nil
}

// ObjectSubjects are the subjects of an object's entries and of their pieces in the stream
// [StreamObjects]. ErrNotFound when there is no such object.
func (b *Bus) ObjectSubjects(ctx context.Context, sha string) (subjects []string, err error) {
	entries, err := b.entries(ctx, sha, 0)
	if err != nil {
		return nil, objectError(sha, err)
	}
	subjects = append(subjects, entrySubject(sha))
	for i := range entries {
		subjects = append(subjects, objectSubjects+"C."+entries[i].NUID)
	}
	return subjects, nil
}

// StreamObjects is the stream behind the bucket of objects.
const StreamObjects = "OBJ_" + events.BucketObjects
