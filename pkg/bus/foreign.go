package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrForeign says that a stream which is not ours takes our messages. With errors.As
// a [*ForeignError] has the details.
var ErrForeign = errors.New("a stream of others takes our messages")

// ForeignError is the ErrForeign of one append: the message is on a stream where nobody
// of ours will read it, and may be on ours too.
type ForeignError struct {
	Subject                string
	Stream, Domain         string // that acknowledged the message
	WantStream, WantDomain string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%v: %s was acknowledged by stream %s of %s, and not by %s of %s, which we are connected to: only one stream may listen on ers.>; give each JetStream domain an account of its own, or remove the other stream",
		ErrForeign, e.Subject, e.Stream, domainName(e.Domain), e.WantStream, domainName(e.WantDomain))
}

func (e *ForeignError) Is(target error) bool { return target == ErrForeign }

func domainName(domain string) string {
	if domain == "" {
		return "the JetStream without a domain"
	}
	return "domain " + domain
}

// checkAck makes sure that it was our stream that acknowledged a message. When nobody
// has told us which domain is ours it is that of the first acknowledgement.
func (b *Bus) checkAck(subject, stream string, ack ack) error {
	domain := b.domain.Load()
	if domain == nil && ack.stream == stream {
		b.domain.CompareAndSwap(nil, &ack.domain)
		domain = b.domain.Load()
	}
	if ack.stream == stream && *domain == ack.domain {
		return nil
	}
	e := &ForeignError{Subject: subject, Stream: ack.stream, Domain: ack.domain, WantStream: stream}
	if domain != nil {
		e.WantDomain = *domain
	}
	b.troubles.note(writing(stream), e)
	return e
}

// probePipeline is the pipeline of messages that no stream can store.
const probePipeline = "ers-probe"

// probeWait is how long after our own streams others may take to answer.
const probeWait = 100 * time.Millisecond

// findForeign looks who else listens on our subjects, as streams in another domain of
// the same account do: every stream answers a message that it must refuse. It is called
// when b.streams are those that are there, before any is created.
func (b *Bus) findForeign(ctx context.Context) error {
	inbox := b.nc.NewInbox()
	answers, err := b.nc.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = answers.Unsubscribe() }()
	left := make(map[string]context.Context) // streams of ours that are yet to answer
	for _, subject := range probeSubjects() {
		stream, err := streamOf(subject)
		if err != nil {
			return err
		}
		if role, known := b.role(); known && !role.MayPublish(subject) {
			continue
		}
		refused, done := b.heed(ctx, subject)
		defer done()
		if _, ok := b.streams[stream]; ok {
			left[stream] = refused
		}
		probe := &nats.Msg{Subject: subject, Reply: inbox, Header: nats.Header{jetstream.ExpectedStreamHeader: {"none of this name"}}}
		if err := b.nc.PublishMsg(probe); err != nil {
			return err
		}
	}
	until := time.Now().Add(time.Second)
	for {
		m, err := b.nextAnswer(ctx, answers, left, until)
		if err != nil || m == nil {
			return err
		}
		var answer struct {
			Stream string `json:"stream"`
		}
		if json.Unmarshal(m.Data, &answer) != nil || answer.Stream == "" {
			continue
		}
		_, known := b.streams[answer.Stream]
		_, awaited := left[answer.Stream]
		switch {
		case awaited:
			delete(left, answer.Stream)
		case !isOurs(answer.Stream):
			return fmt.Errorf("%w: stream %s takes messages on the subjects of ERS: remove it, or let it listen elsewhere", ErrForeign, answer.Stream)
		case !known && b.isThere(ctx, answer.Stream): // another process has just created it
		default:
			return fmt.Errorf("%w: a second stream answers on the subjects of ERS, %s in another JetStream domain of this account (this one is %s): only one may listen there; give each domain an account of its own, or remove the other stream",
				ErrForeign, answer.Stream, b.ownDomain())
		}
	}
}

// probeSubjects is a subject of each stream.
func probeSubjects() []string {
	run := events.RunKey{Pipeline: probePipeline}
	return []string{events.WindowSubject(events.Starlark, probePipeline), events.TraceSubject(run), events.DigestSubject(run),
		events.VerdictSubject(events.Inconclusive, probePipeline, 0), events.StabilitySubject(probePipeline, 0)}
}

// nextAnswer returns the next answer to a probe; nil when none came for some time after
// the last that is awaited. Of what we may not publish no answer is awaited.
func (b *Bus) nextAnswer(ctx context.Context, answers *nats.Subscription, left map[string]context.Context, until time.Time) (*nats.Msg, error) {
	for {
		for stream, refused := range left {
			if refused.Err() != nil {
				delete(left, stream)
			}
		}
		last := len(left) == 0 || time.Now().After(until)
		next, cancel := context.WithTimeout(ctx, probeWait)
		m, err := answers.NextMsgWithContext(next)
		cancel()
		switch {
		case err == nil:
			return m, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case last || !errors.Is(err, context.DeadlineExceeded):
			return nil, nil
		}
	}
}

// isThere tells whether a stream of ours is there now.
func (b *Bus) isThere(ctx context.Context, stream string) bool {
	_, err := b.findStream(ctx, stream)
	return err == nil
}

func (b *Bus) ownDomain() string {
	if domain := b.domain.Load(); domain != nil {
		return strings.TrimPrefix(domainName(*domain), "the ")
	}
	return "not known"
}
