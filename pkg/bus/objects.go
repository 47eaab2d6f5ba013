package bus

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrDamaged says that an object's content is not what its name says.
var ErrDamaged = errors.New("damaged")

// PutObject keeps data in the object store under its SHA-256 in lower-case hex,
// unless it is there already and intact; a damaged copy is replaced. After an error
// the object is there, or not, or damaged: put it again.
func (b *Bus) PutObject(ctx context.Context, data []byte) (sha string, err error) {
	sha = objectName(data)
	if b.readOnly {
		return "", fmt.Errorf("put object %s: the bus is open for reading alone", sha)
	}
	if _, err := b.GetObject(ctx, sha); err == nil {
		return sha, nil
	}
	ctx, cancel := transferContext(ctx, uint64(len(data)))
	defer cancel()
	// Commit point: the object is there once its entry, which is written last, is in
	// the stream. A crash before leaves pieces that no entry names.
	if _, err := b.objects.PutBytes(ctx, sha, data); err != nil {
		stream := objectStream.Name
		if trouble, known := b.trouble(writing(stream)); known && isTimeout(err) {
			err = trouble.Err
		}
		err = meaning(stream, objectSubjects+">", err)
		b.troubles.note(writing(stream), err)
		return "", fmt.Errorf("put object %s: %w", sha, err)
	}
	b.wrote(objectStream.Name)
	return sha, nil
}

// GetObject returns the object with that SHA-256. ErrNotFound when there is none,
// ErrDamaged when it is another or a part of it is missing: putting it again helps
// with both. Any other error may pass.
func (b *Bus) GetObject(ctx context.Context, sha string) ([]byte, error) {
	data, err := b.readObject(ctx, sha)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("object %s in bucket %s: %w; submit the files that it was made of again, it gets the same name", sha, events.BucketObjects, err)
	}
	if err != nil {
		return nil, fmt.Errorf("get object %s: %w", sha, err)
	}
	return data, nil
}

// readObject reads the object's entry and then its pieces. The client's own way of
// reading asks any replica, and where one lags it takes a new object for missing or
// damaged, which nothing would heal.
func (b *Bus) readObject(ctx context.Context, sha string) ([]byte, error) {
	entry, err := b.Last(ctx, objectStream.Name, objectSubjects+"M."+base64.URLEncoding.EncodeToString([]byte(sha)))
	if errors.Is(err, ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var info jetstream.ObjectInfo
	if err := json.Unmarshal(entry.Data, &info); err != nil {
		return nil, fmt.Errorf("%w: its entry: %w", ErrDamaged, err)
	}
	if info.Deleted {
		return nil, fmt.Errorf("%w: it was deleted", ErrNotFound)
	}
	ctx, cancel := transferContext(ctx, info.Size)
	defer cancel()
	var data []byte
	for m, err := range b.Read(ctx, objectStream.Name, objectSubjects+"C."+info.NUID, 1, 0) {
		if err != nil {
			return nil, err
		}
		data = append(data, m.Data...)
	}
	if found := objectName(data); found != sha {
		return nil, fmt.Errorf("%w: %d bytes with SHA-256 %s", ErrDamaged, len(data), found)
	}
	return data, nil
}

// transferContext gives a transfer an end, where the client would wait for ever or
// give up after 5 s however big the object.
func transferContext(ctx context.Context, size uint64) (context.Context, context.CancelFunc) {
	const bytesPerSecond = 1 << 20
	return context.WithTimeout(ctx, 2*apiTimeout+time.Duration(size/bytesPerSecond)*time.Second)
}

func objectName(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
