package bus

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"abraxas.dev/ers/pkg/events"
)

// An object is stored as the NATS object store lays it out, so that its tools read it. It
// is not the client that writes it: that has as many pieces on their way as it can read,
// and a server in this process keeps them in memory.

// pieceSize is the size of the pieces of an object, in bytes, and piecesAhead how many of
// them may be on their way: no more memory is taken, whatever the size of the object.
const (
	pieceSize   = 128 << 10
	piecesAhead = 16
)

// PutObjectFrom keeps what open opens in the object store under its SHA-256 in lower-case
// hex, unless it is there already and intact; a damaged copy is added to. What is read
// must have that SHA-256 and size, else it is no object, and its pieces are in nobody's way.
// After an error the object is there, or not, or damaged: put it again.
func (b *Bus) PutObjectFrom(ctx context.Context, sha string, size int64, open func() (io.ReadCloser, error)) error {
	if b.readOnly {
		return fmt.Errorf("put object %s: the bus is open for reading alone", sha)
	}
	if b.hasObject(ctx, sha) {
		return nil
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("put object %s: %w", sha, err)
	}
	defer r.Close()
	transfer, cancel := b.transferContext(ctx, uint64(size))
	defer cancel()
	err = b.writeObject(transfer, sha, size, r)
	if isConflict(err) && b.hasObject(ctx, sha) { // another was faster
		err = nil
	}
	if err != nil {
		stream := objectStream.Name
		if trouble, known := b.trouble(writing(stream)); known && isTimeout(err) {
			err = trouble.Err
		}
		err = meaning(stream, objectSubjects+">", err)
		b.troubles.note(writing(stream), err)
		return fmt.Errorf("put object %s: %w", sha, err)
	}
	b.wrote(objectStream.Name)
	return nil
}

// hasObject tells whether an object is there and intact.
func (b *Bus) hasObject(ctx context.Context, sha string) bool {
	r, err := b.OpenObject(ctx, sha)
	return err == nil && readThrough(r) == nil
}

// writeObject writes the pieces of an object, and then its entry.
//
// Commit point: the entry. A crash before it leaves pieces that no entry names.
func (b *Bus) writeObject(ctx context.Context, sha string, size int64, r io.Reader) (err error) {
	id := nuid.Next()
	w := &pieces{b: b, subject: objectSubjects + "C." + id, sum: sha256.New()}
	ctx, refusedPiece := b.heed(ctx, w.subject)
	defer refusedPiece()
	ctx, refusedEntry := b.heed(ctx, entrySubject(sha))
	defer refusedEntry()
	defer func() { err = heeded(ctx, err) }()
	before, err := b.Last(ctx, objectStream.Name, entrySubject(sha))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	w.ctx = ctx
	err = w.write(r)
	if found := hex.EncodeToString(w.sum.Sum(nil)); err == nil && (found != sha || w.size != size) {
		err = fmt.Errorf("it changed while it was read: %d bytes with SHA-256 %s, not %d", w.size, found, size)
	}
	if err != nil {
		return err
	}
	entry, err := json.Marshal(&jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: sha, Opts: &jetstream.ObjectMetaOptions{ChunkSize: pieceSize}},
		Bucket:     events.BucketObjects, NUID: id, Size: uint64(w.size), Chunks: uint32(w.count),
		Digest: "SHA-256=" + base64.URLEncoding.EncodeToString(w.sum.Sum(nil)),
	})
	if err != nil {
		return err
	}
	_, err = b.js.PublishMsg(ctx, &nats.Msg{Subject: entrySubject(sha), Data: entry}, jetstream.WithExpectLastSequencePerSubject(before.Seq))
	return err
}

// pieces writes the pieces of an object.
type pieces struct {
	b       *Bus
	ctx     context.Context
	subject string
	sum     hash.Hash
	size    int64
	count   int
	onTheir []jetstream.PubAckFuture // way, the oldest first
}

func (w *pieces) write(r io.Reader) error {
	for {
		piece := make([]byte, pieceSize) // the client keeps it until it is acknowledged
		n, err := io.ReadFull(r, piece)
		if n > 0 {
			if err := w.publish(piece[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return w.end()
		}
		if err != nil {
			return err
		}
	}
}

func (w *pieces) publish(piece []byte) error {
	w.sum.Write(piece)
	w.size += int64(len(piece))
	w.count++
	m := nats.NewMsg(w.subject)
	m.Data = piece
	if w.count == 1 { // most objects are one piece, which must not be there twice
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, "0")
	}
	f, err := w.b.js.PublishMsgAsync(m)
	if err != nil {
		return err
	}
	w.onTheir = append(w.onTheir, f)
	return w.wait(piecesAhead - 1)
}

// end waits for all pieces and makes sure that each is there once: those behind the first
// have no guard.
func (w *pieces) end() error {
	if err := w.wait(0); err != nil || w.count < 2 {
		return err
	}
	found, err := w.b.Subjects(w.ctx, objectStream.Name, w.subject)
	if n := found[w.subject]; err == nil && n != uint64(w.count) {
		err = fmt.Errorf("it has %d pieces on the server, not %d: try again", n, w.count)
	}
	return err
}

// wait waits until no more pieces than so many are on their way.
func (w *pieces) wait(most int) error {
	for len(w.onTheir) > most {
		select {
		case <-w.onTheir[0].Ok():
			w.onTheir = w.onTheir[1:]
		case err := <-w.onTheir[0].Err():
			return err
		case <-w.ctx.Done():
			return w.ctx.Err()
		}
	}
	return nil
}
