package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/events"
)

// A RefusedError says that the server does not let this user do something.
type RefusedError struct {
	Subject string
	err     error
	hears   bool      // it is hearing the subject that is refused
	answers bool      // namely that of answers to us
	role    auth.Role // ours, "" where it is not known
}

func (e *RefusedError) Error() string {
	what, do := "message", "publish on"
	switch {
	case e.answers:
		return fmt.Sprintf("the server lets no answer reach us: %v; let this user subscribe to %s, or name a prefix on which it may with --inbox-prefix", e.err, e.Subject)
	case e.hears:
		what, do = "subscription", "subscribe to"
	case strings.HasPrefix(e.Subject, "$JS."):
		what = "request"
	}
	return fmt.Sprintf("the server refuses the %s: %v; %s", what, e.err, e.advice(do))
}

func (e *RefusedError) advice(do string) string {
	may := auth.WhoPublishes(e.Subject)
	if e.hears {
		may = auth.WhoSubscribes(e.Subject)
	}
	switch {
	case e.role != "" && len(may) > 0:
		return fmt.Sprintf("we are here as %s, and only %s may %s %s: use the context or credentials of that", e.role, roles(may), do, e.Subject)
	case e.role != "":
		return fmt.Sprintf("we are here as %s, and no role may %s %s", e.role, do, e.Subject)
	case strings.HasPrefix(e.Subject, "$JS."):
		return fmt.Sprintf("let this user %s %s, which is JetStream's API, or use other credentials", do, e.Subject)
	}
	return fmt.Sprintf("let this user %s %s, or use other credentials", do, e.Subject)
}

func roles(list []auth.Role) string {
	var names []string
	for _, r := range list {
		names = append(names, string(r))
	}
	return strings.Join(names, " or ")
}

func (e *RefusedError) Unwrap() error { return e.err }

var violation = regexp.MustCompile(`(?i)permissions violation for (publish|subscription) to "([^"]+)"`)

// refusal returns what the server refuses by an error of the connection, nil when it is
// another error.
func (b *Bus) refusal(err error) *RefusedError {
	if err == nil {
		return nil
	}
	found := violation.FindStringSubmatch(err.Error())
	if found == nil {
		return nil
	}
	// The client repeats its own name before the server's words.
	e := &RefusedError{Subject: found[2], err: fmt.Errorf("%w", err), hears: strings.EqualFold(found[1], "subscription")}
	e.answers = e.hears && strings.HasPrefix(e.Subject, b.inbox())
	e.role, _ = b.role()
	return e
}

// inbox begins the subjects on which we await answers.
func (b *Bus) inbox() string {
	if b.nc != nil && b.nc.Opts.InboxPrefix != "" {
		return b.nc.Opts.InboxPrefix + "."
	}
	return nats.InboxPrefix
}

// asyncError takes what the server says out of turn.
func (b *Bus) asyncError(err error) {
	refused := b.refusal(err)
	if refused == nil {
		b.log.Warn().Err(redactError(err)).Msg("NATS client")
		return
	}
	probe := strings.Contains(refused.Subject, probePipeline) // nobody must be allowed that
	if what := b.refusedWork(refused); what != "" && !probe {
		b.troubles.note(what, refused)
	}
	t := &b.troubles
	t.mu.Lock()
	if refused.answers {
		t.inbox = refused
		t.any.Store(true)
	}
	n := 0
	for w := range t.waiting {
		if refused.answers || refused.hears && w.subject == hearing(refused.Subject) || !refused.hears && asks(w.subject, refused.Subject) {
			w.cancel(refused)
			n++
		}
	}
	t.mu.Unlock()
	if n == 0 && !probe { // who waits says it
		b.log.Warn().Err(refused).Msg("NATS client")
	}
}

type waiter struct {
	subject string
	cancel  context.CancelCauseFunc
}

// refusedWork is what cannot be done when a subject is refused; empty when nobody
// but the request itself needs it.
func (b *Bus) refusedWork(e *RefusedError) string {
	if e.hears {
		return ""
	}
	if stream, err := streamOf(e.Subject); err == nil {
		return writing(stream)
	}
	if strings.HasPrefix(e.Subject, objectSubjects) {
		return writing(objectStream.Name)
	}
	if _, ack, ok := strings.Cut(e.Subject, "."+events.StreamWindow+"."); ok && strings.HasPrefix(e.Subject, "$JS.ACK.") {
		consumer, _, _ := strings.Cut(ack, ".")
		return queueing(consumer)
	}
	if pull, ok := strings.CutPrefix(e.Subject, b.apiPrefix+"CONSUMER.MSG.NEXT."); ok {
		stream, consumer, _ := strings.Cut(pull, ".")
		if strings.HasPrefix(consumer, "ers-") { // one that lasts
			return queueing(consumer)
		}
		return reading(stream)
	}
	return ""
}

// asks tells whether a subject is the one that a request has, where one token may be
// a name that the client makes up (*), with or without what comes behind it.
func asks(request, subject string) bool {
	if before, _, ok := strings.Cut(request, ".*."); ok {
		return strings.HasPrefix(subject, before+".") || subject == before
	}
	return request == subject
}

// heed returns a context that ends when the server refuses a request on subject, or
// lets no answer through. done must be called.
func (b *Bus) heed(ctx context.Context, subject string) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &waiter{subject, cancel}
	t := &b.troubles
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inbox != nil {
		cancel(t.inbox)
	}
	if t.waiting == nil {
		t.waiting = make(map[*waiter]struct{})
	}
	t.waiting[w] = struct{}{}
	return ctx, func() {
		t.mu.Lock()
		delete(t.waiting, w)
		t.mu.Unlock()
		cancel(nil)
	}
}

// heeded puts the server's refusal in the place of an error that only says that the
// request's context, made by heed, has ended.
func heeded(ctx context.Context, err error) error {
	if refused, ok := errors.AsType[*RefusedError](context.Cause(ctx)); ok && err != nil {
		return refused
	}
	return err
}

// Ask sends a request to whoever listens on a subject. A refusal ends it at once.
func (b *Bus) Ask(ctx context.Context, subject string) (*nats.Msg, error) {
	ctx, done := b.heed(ctx, subject)
	defer done()
	m, err := b.nc.RequestWithContext(ctx, subject, nil)
	return m, heeded(ctx, err)
}

// AskAll sends a request to all who listen on a subject, and yields what each answers. The
// last thing that it yields is an error: a refusal, at once, or that nothing came within the
// time for a first answer, or nothing more within that for another one.
func (b *Bus) AskAll(ctx context.Context, subject string, first, another time.Duration) iter.Seq2[*nats.Msg, error] {
	return func(yield func(*nats.Msg, error) bool) {
		ctx, done := b.heed(ctx, subject)
		defer done()
		inbox := b.nc.NewInbox()
		sub, err := b.nc.SubscribeSync(inbox)
		if err == nil {
			defer func() { _ = sub.Unsubscribe() }()
			err = b.nc.PublishRequest(subject, inbox, nil)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for wait := first; ; wait = another {
			next, cancel := context.WithTimeout(ctx, wait)
			m, err := sub.NextMsgWithContext(next)
			cancel()
			if !yield(m, heeded(ctx, err)) || err != nil {
				return
			}
		}
	}
}

// Hear puts what is published on a subject into a channel until stop is called. Where
// that is refused it is an error at once.
func (b *Bus) Hear(subject string, to chan *nats.Msg) (stop func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), apiTimeout)
	defer cancel()
	ctx, done := b.heed(ctx, hearing(subject))
	defer done()
	s, err := b.nc.ChanSubscribe(subject, to)
	if err != nil {
		return nil, fmt.Errorf("subscribe to %q: %w", subject, err)
	}
	if err = b.nc.FlushWithContext(ctx); err == nil { // what was refused is known by then, and told soon
		if refused := b.refusal(b.nc.LastError()); refused != nil && refused.hears && refused.Subject == subject {
			<-ctx.Done()
			err = ctx.Err()
		}
	}
	if err != nil {
		return nil, errors.Join(heeded(ctx, err), s.Unsubscribe())
	}
	return s.Unsubscribe, nil
}

// hearing is what a waiter waits for that wants to hear a subject.
func hearing(subject string) string { return "hear " + subject }
