package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// ErrNoStream says that one of our streams is not on the server.
var ErrNoStream = errors.New("there is no such stream on the server")

// IncompleteError says that some of our streams are missing beside others that hold
// messages: what the missing ones held is lost, and the positions that the others name
// in them lead nowhere.
type IncompleteError struct {
	Missing, Full []string
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%s missing on the server beside %s, which hold messages: streams are not made anew in silence beside full ones; restore them from a backup, or run `ers repair`, which says what is lost",
		strings.Join(e.Missing, ", "), strings.Join(e.Full, ", "))
}

// ReplicasError says that a stream has fewer replicas than were asked for.
type ReplicasError struct {
	Stream      string
	Found, Want int
}

func (e *ReplicasError) Error() string {
	return fmt.Sprintf("stream %s has %d replicas where %d are asked for: set them with `nats stream edit %s --replicas %d`, or ask for none", e.Stream, e.Found, e.Want, e.Stream, e.Want)
}

// openStreams finds the streams and the bucket, creates those that are missing where
// it may, and checks the settings of all: a [*SettingError] says what is wrong. Settings
// that are the operator's business are left alone. Any number of processes may do this
// at the same time.
func (b *Bus) openStreams(ctx context.Context, c Config) error {
	b.streams, b.born = make(map[string]jetstream.Stream), make(map[string]time.Time)
	missing, full, err := b.findStreams(ctx)
	if err == nil && b.server == nil && !c.ReadOnly { // or else nobody else is there, or nothing is written
		err = b.findForeign(ctx)
	}
	if len(full) > 0 {
		b.missing = missing
	}
	switch {
	case err != nil:
		return err
	case len(missing) > 0 && len(full) > 0 && !c.Repair && !c.ReadOnly:
		return &IncompleteError{missing, full}
	case len(missing) > 0 && c.Create && !c.ReadOnly:
		if err := b.createStreams(ctx, missing, c.Replicas); err != nil {
			return err
		}
	case len(missing) > 0 && !c.ReadOnly:
		return away{fmt.Errorf("%w: %s; create them with `ers streams create`, or start a service or `ers submit` with --create-streams", ErrNoStream, strings.Join(missing, ", "))}
	}
	for _, want := range ours() {
		if s, ok := b.streams[want.Name]; ok {
			if err := b.checkStream(want, s.CachedInfo().Config, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// Missing returns the streams that were not there beside others that held messages when
// the bus was opened. What they held is lost, also where Config.Repair has made them anew.
func (b *Bus) Missing() []string { return b.missing }

// ours are the settings that each stream and the bucket's stream must have.
func ours() []jetstream.StreamConfig {
	list := make([]jetstream.StreamConfig, 0, maxStreams)
	for _, c := range streams {
		list = append(list, withPromises(c))
	}
	return append(list, withPromises(objectStream))
}

// StreamConfig is what one of our streams is created with.
func StreamConfig(name string) (jetstream.StreamConfig, error) {
	for _, c := range ours() {
		if c.Name == name {
			c.Discard, c.Replicas = jetstream.DiscardNew, 1 // for the bucket too
			return c, nil
		}
	}
	return jetstream.StreamConfig{}, fmt.Errorf("%q is not a stream of ERS", name)
}

// findStreams looks which streams are there. They are asked for in the order in which
// they are created, so that one that another process is about to create is never missing
// beside one that is in use.
func (b *Bus) findStreams(ctx context.Context) (missing, full []string, err error) {
	for _, c := range ours() {
		s, err := b.findStream(ctx, c.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			missing = append(missing, c.Name)
		case err != nil:
			return nil, nil, explainStream(c.Name, err)
		case s.CachedInfo().State.LastSeq > 0:
			full = append(full, c.Name)
		}
	}
	return missing, full, nil
}

func (b *Bus) findStream(ctx context.Context, name string) (jetstream.Stream, error) {
	ctx, stop := context.WithTimeout(ctx, apiTimeout)
	defer stop()
	ctx, done := b.heed(ctx, b.apiPrefix+"STREAM.INFO."+name)
	defer done()
	s, err := b.js.Stream(ctx, name)
	if err == nil {
		b.streams[name], b.born[name] = s, s.CachedInfo().Created
	}
	return s, heeded(ctx, err)
}

// createStreams creates those streams that are missing.
func (b *Bus) createStreams(ctx context.Context, missing []string, replicas int) error {
	for _, c := range ours() {
		if !slices.Contains(missing, c.Name) {
			continue
		}
		c.Replicas = max(replicas, 1)
		if err := b.createStream(ctx, c); err != nil {
			return b.explainCreate(ctx, c, err)
		}
		if _, err := b.findStream(ctx, c.Name); err != nil {
			return explainStream(c.Name, err)
		}
	}
	return nil
}

func (b *Bus) createStream(ctx context.Context, c jetstream.StreamConfig) error {
	ctx, stop := context.WithTimeout(ctx, createTimeout)
	defer stop()
	ctx, done := b.heed(ctx, b.apiPrefix+"STREAM.CREATE."+c.Name)
	defer done()
	_, err := b.js.CreateStream(ctx, c)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // another process was faster
	}
	return heeded(ctx, err)
}

// createTimeout is how long a cluster may take to find places for a stream.
const createTimeout = 15 * time.Second

const (
	codeOverlap = 10065
	codeAlone   = 10074
)

// explainCreate names the stream that is in the way, where one is.
func (b *Bus) explainCreate(ctx context.Context, c jetstream.StreamConfig, err error) error {
	api, _ := errors.AsType[*jetstream.APIError](err)
	switch {
	case api != nil && api.ErrorCode == codeAlone:
		return fmt.Errorf("stream %s: %d replicas are asked for, and this server is not a cluster: leave --replicas away, or name a server of a cluster: %w", c.Name, c.Replicas, err)
	case api == nil || api.ErrorCode != codeOverlap:
		return explainStream(c.Name, err)
	}
	for _, subject := range c.Subjects {
		if name, lookErr := b.js.StreamNameBySubject(ctx, subject); lookErr == nil {
			return fmt.Errorf("stream %s cannot be created: stream %s takes messages on %s already, and must be removed or listen elsewhere: %w", c.Name, name, subject, err)
		}
	}
	return explainStream(c.Name, err)
}

// checkStream compares a stream with what it must be.
func (b *Bus) checkStream(want, found jetstream.StreamConfig, c Config) error {
	replicas := found.Replicas
	if c.ReadOnly && found.Sealed { // nothing goes in or out any more; the server sets the others with it
		found.Sealed, found.DenyPurge, found.DenyDelete, found.AllowRollup = want.Sealed, want.DenyPurge, want.DenyDelete, want.AllowRollup
	}
	found.DenyPurge = found.DenyPurge && want.DenyPurge // one that refuses more serves as well
	if err := checkSettings(&want, &found); err != nil {
		return err
	}
	switch {
	case c.Replicas > replicas:
		return &ReplicasError{want.Name, replicas, c.Replicas}
	case c.Replicas > 0 && c.Replicas < replicas:
		b.log.Warn().Str("stream", want.Name).Int("asked", c.Replicas).Int("found", replicas).
			Msgf("stream %s has more replicas than are asked for, and keeps them; `nats stream edit %s --replicas %d` changes that", want.Name, want.Name, c.Replicas)
	}
	return nil
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
	case err == nil:
		return nil
	case isAbsent(err):
		return away{fmt.Errorf("the NATS server runs without JetStream: %w; enable it with a jetstream block in its configuration, or start it with -js", err)}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return away{fmt.Errorf("stream %s: JetStream does not answer: %w", name, err)}
	case isUnready(err):
		return away{fmt.Errorf("stream %s: JetStream is not ready: %w", name, err)}
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return away{fmt.Errorf("stream %s: %w", name, refused)}
	}
	return fmt.Errorf("stream %s: %w", name, err)
}

// isUnready tells whether JetStream says that it cannot do now what is asked of it, as
// when a cluster has no leader.
func isUnready(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.Code == 503
}
