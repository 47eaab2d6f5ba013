package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrConflict says that another message got there first. With errors.As a
// [*ConflictError] has the details.
var ErrConflict = errors.New("another message got there first")

// ConflictError is the ErrConflict of one append.
type ConflictError struct {
	Subject string // or filter, that the append was guarded by
	Want    uint64 // sequence of its last message as the writer knew it; 0: none
	Found   uint64 // sequence of a message that is there instead; 0: none
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: %s has sequence %d, not %d", ErrConflict, e.Subject, e.Found, e.Want)
}

func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Append adds a message to the stream that takes the subject, provided that the
// last message there has sequence last (0: there is none), and returns the
// sequence of the new one. ErrConflict means that it does not. When the
// acknowledgement is lost, Append finds out from the stream what became of the
// message; so it returns a sequence exactly when the message is in the stream once.
//
// A writer with equal bytes and the same last cannot be told from this one: both
// succeed, with the sequence of the one message.
//
// After any other error, the end of ctx among them, the message may be in the
// stream, may still get there, or not: read the subject before going on.
func (b *Bus) Append(ctx context.Context, subject string, last uint64, data []byte) (seq uint64, err error) {
	return b.appendGuarded(ctx, subject, subject, last, data)
}

// AppendOnce adds a message to the stream provided that it has none on a subject
// that matches guard, whatever the message's own subject is. Otherwise like
// [Bus.Append]. All who compete must give the same guard: on a replicated stream the
// server compares guards as text while a message is in the making.
func (b *Bus) AppendOnce(ctx context.Context, subject, guard string, data []byte) (seq uint64, err error) {
	return b.appendGuarded(ctx, subject, guard, 0, data)
}

// attempt is an append in flight. Its data must not change until finish has returned.
type attempt struct {
	b      *Bus
	msg    *nats.Msg
	stream string
	guard  string // subject or filter whose last message must have sequence last
	last   uint64
	ack    jetstream.PubAckFuture
	err    error // the message was never sent
	lost   bool  // an earlier attempt may be in the stream
}

func (b *Bus) appendGuarded(ctx context.Context, subject, guard string, last uint64, data []byte) (seq uint64, err error) {
	ctx, done := b.heed(ctx, subject)
	defer done()
	p := b.newAppend(subject, guard, last, data)
	if p.err == nil {
		p.send()
	}
	return p.finish(ctx)
}

// newAppend prepares an append that is yet to be sent.
func (b *Bus) newAppend(subject, guard string, last uint64, data []byte) *attempt {
	p := &attempt{b: b, guard: guard, last: last, msg: &nats.Msg{Subject: subject, Data: data, Header: nats.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(last, 10)},
	}}}
	if guard != subject {
		p.msg.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{guard}
	}
	p.stream, p.err = streamOf(subject)
	return p
}

// Commit point: from here on the message may be in the stream. A crash before the
// acknowledgement leaves a whole message or none; who resumes reads the subject's
// last message and finds out which.
func (p *attempt) send() {
	// No retries by the client: it would repeat the message after a "no responders"
	// out of order with what was sent since.
	p.ack, p.err = p.b.js.PublishMsgAsync(p.msg, jetstream.WithRetryAttempts(0), jetstream.WithStallWait(ackTimeout))
}

const (
	retryPause = 100 * time.Millisecond
	maxUnsent  = 100 // pauses, that is 10 s without a stream that listens
)

// finish returns what became of the append; see [Bus.Append].
func (p *attempt) finish(ctx context.Context) (seq uint64, err error) {
	if p.ack == nil && p.err == nil { // sent by other means: look before sending it again
		if seq, err = p.find(ctx); err != nil || seq != 0 {
			return seq, p.explain(ctx, err)
		}
		p.send()
	}
	for unsent := 0; ; p.send() {
		seq, err = p.outcome(ctx)
		found, known := foundSequence(err)
		switch {
		case err == nil:
			return seq, nil
		case isUnsent(err) && unsent < maxUnsent:
			unsent++
			p.lost = true // the server may have spoken too soon
			p.b.troubles.note(writing(p.stream), meaning(p.stream, p.msg.Subject, err))
			err = wait(ctx, retryPause)
		case isLost(err):
			p.lost = true
			p.complain(err)
			seq, err = p.find(ctx)
		case known && (!p.lost || found <= p.last):
			err = &ConflictError{Subject: p.guard, Want: p.last, Found: found}
		case isConflict(err):
			// What is there may be our own message. Or nothing is there yet: a
			// replicated stream names no sequence while it has a message in the making.
			seq, err = p.find(ctx)
		}
		if err != nil || seq != 0 {
			return seq, p.explain(ctx, err)
		}
	}
}

// complain says, once as long as it lasts, that an acknowledgement did not come.
func (p *attempt) complain(err error) {
	if _, known := p.b.trouble(writing(p.stream)); known {
		return // the server has said why
	}
	p.b.unheard(p.stream, err)
	p.b.log.Warn().Err(err).Str("subject", p.msg.Subject).Msg("acknowledgement lost, looking in the stream")
}

// AppendError says which stream an append was for that failed.
type AppendError struct {
	Stream, Subject string
	Err             error
}

func (e *AppendError) Error() string { return fmt.Sprintf("append to %s: %v", e.Subject, e.Err) }
func (e *AppendError) Unwrap() error { return e.Err }

// explain puts what the server said in the place of an error that only says that
// nothing came.
func (p *attempt) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = heeded(ctx, err)
	err = meaning(p.stream, p.msg.Subject, err)
	trouble, known := p.b.trouble(writing(p.stream))
	switch {
	case isTimeout(err) && known:
		err = fmt.Errorf("%w: %w", err, trouble.Err)
	case !errors.Is(err, ErrConflict) && !isTimeout(err):
		p.b.troubles.note(writing(p.stream), err)
	}
	return &AppendError{p.stream, p.msg.Subject, err}
}

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, nats.ErrTimeout)
}

// outcome waits for the acknowledgement of the last attempt.
func (p *attempt) outcome(ctx context.Context) (uint64, error) {
	if p.err != nil {
		return 0, p.err
	}
	select {
	case a := <-p.ack.Ok():
		if err := p.b.checkAck(p.msg.Subject, p.stream, ack{a.Stream, a.Domain, a.Sequence}); err != nil {
			return 0, err
		}
		p.b.wrote(p.stream)
		return a.Sequence, nil
	case err := <-p.ack.Err():
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-p.b.closed:
		return 0, nats.ErrConnectionClosed
	}
}

// find looks for our message in the stream and returns its sequence. It is there
// when it is the first after last. When another is, the guard keeps ours out for
// ever: ErrConflict. When none is, ours did not get there: sequence 0. It may still,
// from a buffer on the way, and then the guard keeps the next attempt out.
func (p *attempt) find(ctx context.Context) (seq uint64, err error) {
	for {
		m, err := p.b.Next(ctx, p.stream, p.guard, p.last+1)
		if err == nil {
			p.b.troubles.clear(writing(p.stream))
			if m.Subject == p.msg.Subject && bytes.Equal(m.Data, p.msg.Data) {
				return m.Seq, nil
			}
			return 0, &ConflictError{Subject: p.guard, Want: p.last, Found: m.Seq}
		}
		if errors.Is(err, nats.ErrConnectionClosed) {
			return 0, err
		}
		if !errors.Is(err, ErrNotFound) && ctx.Err() == nil {
			p.b.troubles.note(writing(p.stream), fmt.Errorf("no acknowledgement, and the stream cannot be looked into: %w", err))
		}
		if err := wait(ctx, retryPause); err != nil {
			return 0, err
		}
		if errors.Is(err, ErrNotFound) {
			p.b.absent(p.stream)
			return 0, nil
		}
	}
}

// isLost tells whether the message may have been stored nevertheless.
func isLost(err error) bool {
	return errors.Is(err, jetstream.ErrAsyncPublishTimeout) || errors.Is(err, nats.ErrDisconnected) || errors.Is(err, jetstream.ErrInvalidJSAck)
}

// isUnsent tells whether the message was not stored for a reason that passes: no
// server listens for the stream, or too much is on the way.
func isUnsent(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, jetstream.ErrTooManyStalledMsgs) ||
		errors.Is(err, nats.ErrReconnectBufExceeded) || errors.As(err, &api) && api.Code == 429
}

func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// isAstray tells whether the server says "wrong last msg ID": the message does not stand
// behind the one whose id it names.
func isAstray(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == 10070
}

// foundSequence reads the sequence out of "wrong last sequence: 17".
func foundSequence(err error) (seq uint64, ok bool) {
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		_, digits, _ := strings.Cut(api.Description, ": ")
		seq, err = strconv.ParseUint(digits, 10, 64)
		return seq, err == nil
	}
	return 0, false
}
