package bus_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

func TestObjects(t *testing.T) {
	b := bustest.Open(t)
	ctx := t.Context()
	for _, size := range []int{0, 1, 128 << 10, 128<<10 + 1, 3 << 20} {
		data := bytes.Repeat([]byte{'x'}, size)
		sha, err := b.PutObject(ctx, data)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(data)); sha != want {
			t.Errorf("%d bytes: name %s, want %s", size, sha, want)
		}
		got, err := b.GetObject(ctx, sha)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: got %d bytes, %v", size, len(got), err)
		}
	}
}

func TestObjectIsPutOnce(t *testing.T) {
	b := bustest.Open(t)
	messages := func() uint64 {
		s, err := b.JetStream().Stream(t.Context(), "OBJ_"+events.BucketObjects)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().State.LastSeq
	}
	for range 2 {
		if _, err := b.PutObject(t.Context(), []byte("object")); err != nil {
			t.Fatal(err)
		}
	}
	if n := messages(); n != 2 { // a piece and the entry
		t.Errorf("%d messages", n)
	}
}

func TestMissingObject(t *testing.T) {
	b := bustest.Open(t)
	_, err := b.GetObject(t.Context(), strings.Repeat("0", 64))
	if !errors.Is(err, bus.ErrNotFound) || !strings.Contains(err.Error(), "submit") {
		t.Errorf("got %v", err)
	}
}

func TestDamagedObject(t *testing.T) {
	b := bustest.Open(t)
	ctx := t.Context()
	good := []byte("object")
	sha := fmt.Sprintf("%x", sha256.Sum256(good))
	store, err := b.JetStream().ObjectStore(ctx, events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutBytes(ctx, sha, []byte("something else")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetObject(ctx, sha); !errors.Is(err, bus.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if _, err := b.PutObject(ctx, good); err != nil {
		t.Fatal(err)
	}
	if got, err := b.GetObject(ctx, sha); err != nil || !bytes.Equal(got, good) {
		t.Errorf("after it was put again: got %q, %v", got, err)
	}
}

func TestIncompleteObject(t *testing.T) {
	b := bustest.Open(t)
	ctx := t.Context()
	data := []byte("object")
	sha, err := b.PutObject(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.JetStream().Stream(ctx, "OBJ_"+events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(ctx, jetstream.WithPurgeSubject("$O."+events.BucketObjects+".C.>")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetObject(ctx, sha); !errors.Is(err, bus.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if _, err := b.PutObject(ctx, data); err != nil {
		t.Fatal(err)
	}
	if got, err := b.GetObject(ctx, sha); err != nil || !bytes.Equal(got, data) {
		t.Errorf("after it was put again: got %q, %v", got, err)
	}
}

func TestDeletedObject(t *testing.T) {
	b := bustest.Open(t)
	ctx := t.Context()
	sha, err := b.PutObject(ctx, []byte("object"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := b.JetStream().ObjectStore(ctx, events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(ctx, sha); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetObject(ctx, sha); !errors.Is(err, bus.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
