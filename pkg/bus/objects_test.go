package bus_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/nats-io/nats.go"
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

// forge adds messages to the bucket as anybody can who may write there.
func forge(t *testing.T, b *bus.Bus, kind, of string, data ...string) {
	t.Helper()
	if kind == "M" {
		of = base64.URLEncoding.EncodeToString([]byte(of))
	}
	for _, text := range data {
		if _, err := b.JetStream().Publish(t.Context(), "$O."+events.BucketObjects+"."+kind+"."+of, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// forged are entries that lead to something else.
func forged(t *testing.T, b *bus.Bus, sha string) []string {
	t.Helper()
	forge(t, b, "C", "other", "something else")
	forge(t, b, "C", "short", "obj")
	entry := func(nuid, size string) string {
		return `{"name":"` + sha + `","bucket":"ERS_OBJECTS","nuid":"` + nuid + `","size":` + size + `,"chunks":1}`
	}
	return []string{"no JSON", `{"deleted":true}`, entry("other", "14"), entry("other", "6"), entry("short", "6"), entry("none", "6"), entry("*", "6"), entry(">", "6"), entry("a b", "6"),
		entry("other", "0"), entry("other", "18446744073709551615"), entry("other", "9223372036854775807"), entry("", "6")}
}

// What is wrong under an object's name is no object, and is found out; with the right one
// beside it, before or behind, nobody reads anything else.
func TestForgedObject(t *testing.T) {
	b := bustest.Open(t)
	good := []byte("object")
	sha := fmt.Sprintf("%x", sha256.Sum256(good))
	all := forged(t, b, sha)
	for i, text := range all {
		forge(t, b, "M", sha, text)
		if _, err := b.GetObject(t.Context(), sha); !errors.Is(err, bus.ErrDamaged) && !errors.Is(err, bus.ErrNotFound) {
			t.Errorf("behind entry %d: %v", i, err)
		}
	}
	if _, err := b.PutObject(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		if got, err := b.GetObject(t.Context(), sha); err != nil || !bytes.Equal(got, good) {
			t.Errorf("%s: got %q, %v", when, got, err)
		}
	}
	check("after it was put")
	forge(t, b, "M", sha, all...)
	check("after more was added to its name")
	found, err := b.Subjects(t.Context(), "OBJ_"+events.BucketObjects, "$O."+events.BucketObjects+".C.*")
	if err != nil {
		t.Fatal(err)
	}
	for subject := range found {
		forge(t, b, "C", strings.TrimPrefix(subject, "$O."+events.BucketObjects+".C."), "more")
	}
	check("after more was added to its pieces")
	before, err := b.LastSeq(t.Context(), "OBJ_"+events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutObject(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	if now, err := b.LastSeq(t.Context(), "OBJ_"+events.BucketObjects); err != nil || now != before {
		t.Errorf("it is put once more: %d messages, %v", now-before, err)
	}
}

// Nothing in the bucket is replaced, by the tools of NATS neither, and nothing removed but by a purge,
// which is a right of the administrator alone.
func TestObjectsStay(t *testing.T) {
	t.Parallel()
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
	s, err := b.JetStream().Stream(ctx, "OBJ_"+events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	rollup := &nats.Msg{Subject: "$O." + events.BucketObjects + ".C.x", Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupAll}}}
	_, rolled := b.JetStream().PublishMsg(ctx, rollup)
	_, put := store.PutBytes(ctx, sha, []byte("something else"))
	for what, err := range map[string]error{"delete": store.Delete(ctx, sha), "delete a message": s.DeleteMsg(ctx, 1), "rollup": rolled, "put": put} {
		if err == nil {
			t.Errorf("%s works", what)
		}
	}
	if got, err := b.GetObject(ctx, sha); err != nil || string(got) != "object" {
		t.Errorf("got %q, %v", got, err)
	}
}

// zeros is a content that takes no memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

func (z *zeros) Close() error { return nil }

// An object is written and read piece by piece.
func TestLargeObject(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	const size = 96<<20 + 7
	sum := sha256.New()
	if _, err := io.Copy(sum, &zeros{size}); err != nil {
		t.Fatal(err)
	}
	sha := fmt.Sprintf("%x", sum.Sum(nil))
	opened := 0
	open := func() (io.ReadCloser, error) { opened++; return &zeros{size}, nil }
	for range 2 {
		if err := b.PutObjectFrom(t.Context(), sha, size, open); err != nil {
			t.Fatal(err)
		}
	}
	if opened != 1 {
		t.Errorf("it was written %d times", opened)
	}
	r, err := b.OpenObject(t.Context(), sha)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	if n, err := io.Copy(io.Discard, r); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&now)
	if now.HeapAlloc > before.HeapAlloc+size/2 {
		t.Errorf("%d MiB are held", now.HeapAlloc>>20)
	}
	store, err := b.JetStream().ObjectStore(t.Context(), events.BucketObjects)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := store.GetInfo(t.Context(), sha); err != nil || info.Size != size {
		t.Errorf("the tools of NATS see %+v, %v", info, err)
	}
}

// What turns out to be something else is no object.
func TestObjectThatChanges(t *testing.T) {
	b := bustest.Open(t)
	sha := fmt.Sprintf("%x", sha256.Sum256([]byte("object")))
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("objecT")), nil }
	if err := b.PutObjectFrom(t.Context(), sha, 6, open); err == nil || !strings.Contains(err.Error(), "it changed while it was read") {
		t.Errorf("got %v", err)
	}
	if _, err := b.GetObject(t.Context(), sha); !errors.Is(err, bus.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	broken := func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(io.ErrClosedPipe)), nil }
	if err := b.PutObjectFrom(t.Context(), sha, 6, broken); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
