package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Persist calls f until it returns nil or ctx ends: a service that cannot go on, as when
// the server was away for longer than a request waits, begins again from what the
// streams say. It gives up, and returns the error, only where trying again
// cannot help: the bus is closed, or a stream is gone or is not the one that it was; see
// [ErrShort]. what names the service in the log.
func (b *Bus) Persist(ctx context.Context, what string, f func(context.Context) error) error {
	r := retrier{b: b, what: what, begun: time.Now()}
	defer b.troubles.clear(what)
	for {
		// f does not say when it works again: it goes on for as long as it does.
		works := time.AfterFunc(2*apiTimeout, func() { b.troubles.clear(what) })
		err := f(ctx)
		works.Stop()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if err := r.pause(ctx, err); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// A retrier decides what becomes of something that shall go on for ever and failed.
type retrier struct {
	b       *Bus
	what    string
	missing int           // failures in a row that said that the stream is gone
	delay   time.Duration // before the next try
	said    string        // the last failure, as it was logged
	begun   time.Time     // when the last try began
	written uint64        // messages on the stream that the last append was for
}

// maxMissing is more than 1 because a server that is shutting down says so too.
const maxMissing = 3

// Pauses between tries: 1 s, 2 s, 4 s … and never more than the last.
const (
	firstDelay = time.Second
	maxDelay   = 30 * time.Second
)

// progress makes the next pause a short one: something was got done.
func (r *retrier) progress() { r.delay, r.said = 0, "" }

// pause returns nil when it is worth to try again, after a pause that grows from failure
// to failure as long as nothing gets done. Otherwise it returns why it is not: ctx has
// ended, the bus is closed, the stream is gone or is not the one that it was.
func (r *retrier) pause(ctx context.Context, err error) error {
	r.missing++
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		r.missing = 0
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, refused := errors.AsType[*RefusedError](err); refused && r.b.endRefused {
		return err
	}
	if r.missing == maxMissing || r.b.nc.IsClosed() || errors.Is(err, ErrShort) || errors.Is(err, ErrForeign) || errors.Is(err, ErrNoStream) {
		return fmt.Errorf("%s: %w", r.what, err)
	}
	if r.gotOn(err) {
		r.progress()
	}
	r.delay = min(max(2*r.delay, firstDelay), maxDelay)
	r.b.troubles.note(r.what, err)
	r.log(err)
	if err := r.wait(ctx, err); err != nil {
		return err
	}
	r.begun = time.Now()
	return nil
}

// gotOn tells whether the last try did something before it failed: whether messages got
// on the stream that it failed on, or it lasted long.
func (r *retrier) gotOn(err error) bool {
	if failed, ok := errors.AsType[*AppendError](err); ok {
		written := r.b.written[indexOf(failed.Stream)].Load()
		got := written > r.written
		r.written = written
		return got
	}
	return !r.begun.IsZero() && time.Since(r.begun) > 2*maxDelay
}

// log says the same thing once.
func (r *retrier) log(err error) {
	text := strings.Map(withoutDigits, err.Error())
	log := r.b.log.Warn()
	if text == r.said {
		log = r.b.log.Debug()
	}
	r.said = text
	log.Err(redactError(err)).Msgf("%s: interrupted, trying again in %v and then less and less often", r.what, r.delay)
}

func withoutDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// wait waits for the next try. A stream that is sealed is waited for: until it takes
// appends again all other work would be lost.
func (r *retrier) wait(ctx context.Context, err error) error {
	for {
		if err := r.b.rest(ctx, r.delay); err != nil {
			return err
		}
		failed, ok := errors.AsType[*AppendError](err)
		if !ok || !isSealed(err) {
			return nil
		}
		if s, err := r.b.state(ctx, failed.Stream); err != nil || !s.Config.Sealed {
			return nil
		}
		r.delay = min(2*r.delay, maxDelay)
	}
}

// rest returns nil after d, or when the connection is back: then there is no reason to
// wait any more. When ctx ends it returns why.
func (b *Bus) rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-b.troubles.connected():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait returns nil after d, or why ctx ended.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
