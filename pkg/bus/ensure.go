package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// SettingError says that a stream exists with a setting that breaks a promise.
type SettingError struct {
	Stream  string
	Setting string // as in `nats stream info --json`
	Found   string
	Want    string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("stream %s has %s %s, want %s: set it with `nats stream edit %s`, or where the server refuses that, take a server or account without this stream",
		e.Stream, e.Setting, e.Found, e.Want, e.Stream)
}

// ensureStreams creates the streams and the bucket that are missing, with so many
// replicas (0 means 1), and checks those that are there: a [*SettingError] says
// what is wrong. Settings that are the operator's business are left alone. Any
// number of processes may do this at the same time. It returns all streams, the
// bucket's among them, by name.
func ensureStreams(ctx context.Context, js jetstream.JetStream, replicas int) (map[string]jetstream.Stream, jetstream.ObjectStore, error) {
	found := make(map[string]jetstream.Stream, len(streams))
	for _, c := range streams {
		c = withPromises(c)
		c.Replicas = max(replicas, 1)
		s, err := ensureStream(ctx, js, c)
		if err != nil {
			return nil, nil, explainStream(c.Name, err)
		}
		if err := checkSettings(&c, &s.CachedInfo().Config); err != nil {
			return nil, nil, err
		}
		found[c.Name] = s
	}
	s, err := ensureBucket(ctx, js, replicas)
	if err != nil {
		return nil, nil, explainStream(objectStream.Name, err)
	}
	if err := checkSettings(&objectStream, &s.CachedInfo().Config); err != nil {
		return nil, nil, err
	}
	found[objectStream.Name] = s
	bucket, err := js.ObjectStore(ctx, objects.Bucket)
	return found, bucket, err
}

func ensureStream(ctx context.Context, js jetstream.JetStream, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, c.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return s, err
	}
	s, err = js.CreateStream(ctx, c)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return js.Stream(ctx, c.Name) // another process was faster
	}
	return s, err
}

func ensureBucket(ctx context.Context, js jetstream.JetStream, replicas int) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, objectStream.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return s, err
	}
	c := objects
	c.Replicas = max(replicas, 1)
	if _, err := js.CreateObjectStore(ctx, c); err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
		return nil, err
	}
	return js.Stream(ctx, objectStream.Name)
}

func checkSettings(want, found *jetstream.StreamConfig) error {
	for _, s := range settings {
		if w, f := s.value(want), s.value(found); w != f {
			return &SettingError{Stream: want.Name, Setting: s.name, Found: fmt.Sprint(f), Want: fmt.Sprint(w)}
		}
	}
	return nil
}

func explainStream(name string, err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("the NATS server runs without JetStream: %w; enable it with a jetstream block in its configuration, or start it with -js", err)
	}
	return fmt.Errorf("stream %s: %w", name, err)
}
