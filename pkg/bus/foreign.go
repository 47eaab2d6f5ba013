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
	run := events.RunKey{Pipeline: probePipeline}
	left := map[string]bool{}
	for _, subject := range []string{events.WindowSubject("starlark", probePipeline), events.TraceSubject(run), events.DigestSubject(run),
		events.VerdictSubject(events.Inconclusive, probePipeline, 0), events.StabilitySubject(probePipeline, 0)} {
		stream, err := streamOf(subject)
		if err != nil {
			return err
		}
		if _, ok := b.streams[stream]; ok {
			left[stream] = true
		}
		probe := &nats.Msg{Subject: subject, Reply: inbox, Header: nats.Header{jetstream.ExpectedStreamHeader: {"none of this name"}}}
		if err := b.nc.PublishMsg(probe); err != nil {
			return err
		}
	}
	wait := time.Second // who may not publish gets no answer
	for {
		if len(left) == 0 {
			wait = probeWait
		}
		next, cancel := context.WithTimeout(ctx, wait)
		m, err := answers.NextMsgWithContext(next)
		cancel()
		if err != nil {
			return nil // nobody else has answered
		}
		var answer struct {
			Stream string `json:"stream"`
		}
		if json.Unmarshal(m.Data, &answer) != nil || answer.Stream == "" {
			continue
		}
		switch _, known := b.streams[answer.Stream]; {
		case left[answer.Stream]:
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
