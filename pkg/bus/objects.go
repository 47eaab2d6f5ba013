package bus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrDamaged says that an object's content is not what its name says.
var ErrDamaged = events.ErrDamaged

// PutObject keeps data in the object store under its SHA-256 in lower-case hex; see
// [Bus.PutObjectFrom].
func (b *Bus) PutObject(ctx context.Context, data []byte) (sha string, err error) {
	sha = objectName(data)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return sha, b.PutObjectFrom(ctx, sha, int64(len(data)), open)
}

// GetObject returns the object with that SHA-256. ErrNotFound when there is none,
// ErrDamaged when it is another or a part of it is missing: putting it again helps
// with both. Any other error may pass.
func (b *Bus) GetObject(ctx context.Context, sha string) ([]byte, error) {
	r, err := b.OpenObject(ctx, sha)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// OpenObject reads the object with that SHA-256 piece by piece, so that its size does not
// matter. Its errors, and those of reading it, are those of [Bus.GetObject]. That it is
// the right object is known at its end: Read returns ErrDamaged in place of io.EOF when it
// is not. The reader is for one goroutine and must be closed; it ends with ctx.
//
// Of several entries under the name the first one counts whose content is right: so nobody
// who may add one, or pieces, changes what is read.
func (b *Bus) OpenObject(ctx context.Context, sha string) (io.ReadCloser, error) {
	entries, err := b.entries(ctx, sha, 0)
	if err != nil {
		return nil, objectError(sha, err)
	}
	last := len(entries) - 1
	for i := range last {
		err := readThrough(b.openEntry(ctx, sha, &entries[i]))
		if err == nil {
			return b.openEntry(ctx, sha, &entries[i]), nil
		}
		if !errors.Is(err, ErrDamaged) {
			return nil, err
		}
	}
	return b.openEntry(ctx, sha, &entries[last]), nil
}

func readThrough(r io.ReadCloser) error {
	defer r.Close()
	_, err := io.Copy(io.Discard, r)
	return err
}

func (b *Bus) openEntry(ctx context.Context, sha string, info *jetstream.ObjectInfo) io.ReadCloser {
	ctx, cancel := b.transferContext(ctx, info.Size)
	// The client's own way of reading asks any replica, and where one lags it takes a new
	// object for missing or damaged, which nothing would heal.
	next, stop := iter.Pull2(b.Read(ctx, objectStream.Name, objectSubjects+"C."+info.NUID, 1, 0))
	return &objectReader{sha: sha, next: next, close: func() { stop(); cancel() }, sum: sha256.New(), left: int64(info.Size)}
}

// entries reads what stands under an object's name, up to sequence to (0: all), and may be it. There
// is at least one when there is no error.
func (b *Bus) entries(ctx context.Context, sha string, to uint64) (list []jetstream.ObjectInfo, err error) {
	none := ErrNotFound
	for m, err := range b.Read(ctx, objectStream.Name, entrySubject(sha), 1, to) {
		if err != nil {
			return nil, err
		}
		var info jetstream.ObjectInfo
		switch err := json.Unmarshal(m.Data, &info); {
		case err != nil:
			none = fmt.Errorf("%w: its entry: %w", ErrDamaged, err)
		case info.Deleted:
			none = fmt.Errorf("%w: it was deleted", ErrNotFound)
		case info.NUID == "" || strings.ContainsAny(info.NUID, ".*> \t\r\n") || info.Size > maxObject:
			none = fmt.Errorf("%w: its entry names no pieces", ErrDamaged)
		default:
			list = append(list, info)
		}
	}
	if len(list) == 0 {
		return nil, none
	}
	return list, nil
}

// maxObject is more than any object has, in bytes.
const maxObject = 1 << 50

func entrySubject(sha string) string {
	return objectSubjects + "M." + base64.URLEncoding.EncodeToString([]byte(sha))
}

func objectError(sha string, err error) error {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return fmt.Errorf("object %s in bucket %s: %w; submit the files that it was made of again, it gets the same name", sha, events.BucketObjects, err)
	}
	return fmt.Errorf("get object %s: %w", sha, err)
}

// objectReader reads the pieces of an object.
type objectReader struct {
	sha   string
	next  func() (Message, error, bool)
	close func()
	sum   hash.Hash
	size  int64
	left  int64 // what is behind it is not of the object
	piece []byte
	err   error
}

func (r *objectReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 && r.err == nil {
		if r.size >= r.left {
			r.err = r.end()
			break
		}
		m, err, more := r.next()
		switch {
		case err != nil:
			r.err = objectError(r.sha, err)
		case !more:
			r.err = r.end()
		default:
			r.piece = m.Data
			r.sum.Write(m.Data)
			r.size += int64(len(m.Data))
		}
	}
	if len(r.piece) == 0 {
		return 0, r.err
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

// end says whether what was read is the object.
func (r *objectReader) end() error {
	if found := hex.EncodeToString(r.sum.Sum(nil)); found != r.sha {
		return objectError(r.sha, fmt.Errorf("%w: %d bytes with SHA-256 %s", ErrDamaged, r.size, found))
	}
	return io.EOF
}

func (r *objectReader) Close() error {
	r.close()
	return nil
}

// transferContext gives a transfer an end, where the client would wait for ever or
// give up after 5 s however big the object.
func (b *Bus) transferContext(ctx context.Context, size uint64) (context.Context, context.CancelFunc) {
	const bytesPerSecond = 1 << 20
	return context.WithTimeout(ctx, 2*apiTimeout+b.patience+time.Duration(size/bytesPerSecond)*time.Second)
}

func objectName(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
