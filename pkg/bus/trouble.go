package bus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Trouble is something that keeps the bus from getting on, and is tried again.
type Trouble struct {
	What  string // that is tried: "write ERS_TRACE"
	Err   error  // why it does not work, in the server's words, and what to do about it
	Since time.Time
}

func (t Trouble) String() string { return t.What + ": " + t.Err.Error() }

// Trouble returns what does not work now, in order of what is tried. Whoever waits for
// something on this bus can say why it does not come.
func (b *Bus) Trouble() []Trouble {
	t := &b.troubles
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Trouble, 0, len(t.open))
	for _, trouble := range t.open {
		list = append(list, trouble)
	}
	slices.SortFunc(list, func(x, y Trouble) int { return strings.Compare(x.What, y.What) })
	return list
}

// trouble returns the trouble with one thing, if there is any.
func (b *Bus) trouble(what string) (Trouble, bool) {
	if !b.troubles.any.Load() {
		return Trouble{}, false
	}
	b.troubles.mu.Lock()
	defer b.troubles.mu.Unlock()
	found, ok := b.troubles.open[what]
	return found, ok
}

// What is tried, besides writing and reading a stream.
const connection = "connection"

func writing(stream string) string { return "write " + stream }
func reading(stream string) string { return "read " + stream }

// troubles are those of a bus, and the requests that wait for an answer: the server
// refuses a request by a word on the connection, and gives it no answer.
type troubles struct {
	any atomic.Bool // there are some

	mu      sync.Mutex
	open    map[string]Trouble
	waiting map[*waiter]struct{}
	inbox   *RefusedError // no answer reaches us
	back    chan struct{} // closed when the connection is back
}

func (t *troubles) note(what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = make(map[string]Trouble)
	}
	since := time.Now()
	if old, ok := t.open[what]; ok {
		since = old.Since
		_, refused := errors.AsType[*RefusedError](old.Err)
		if refused && (isTimeout(err) || errors.Is(err, jetstream.ErrNoHeartbeat)) {
			return // that is why nothing comes
		}
	}
	t.open[what] = Trouble{what, redactError(err), since}
	t.any.Store(true)
}

func (t *troubles) clear(what string) {
	if !t.any.Load() && what != connection {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, what)
	t.any.Store(len(t.open) > 0)
	if what == connection {
		t.inbox = nil
		if t.back != nil {
			close(t.back)
			t.back = nil
		}
	}
}

// connected returns a channel that is closed the next time that the connection is back.
func (t *troubles) connected() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.back == nil {
		t.back = make(chan struct{})
	}
	return t.back
}

// wrote notes that a message is on a stream.
func (b *Bus) wrote(stream string) {
	b.written[indexOf(stream)].Add(1)
	if b.troubles.any.Load() {
		b.troubles.clear(writing(stream))
	}
}

// unheard notes that a message was sent to a stream and nothing came of it.
func (b *Bus) unheard(stream string, err error) {
	if _, known := b.trouble(writing(stream)); known {
		return // which says more
	}
	if errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		err = errUnheard
	}
	b.troubles.note(writing(stream), fmt.Errorf("no acknowledgement from %s: %w", stream, err))
}

// absent notes that such a message is not in the stream either.
func (b *Bus) absent(stream string) {
	if trouble, _ := b.trouble(writing(stream)); errors.Is(trouble.Err, errUnheard) {
		err := fmt.Errorf("%s %w", stream, errStoresNothing)
		b.troubles.note(writing(stream), err)
		b.log.Warn().Msg(err.Error())
	}
}

var (
	errUnheard = fmt.Errorf("nothing within %v", ackTimeout)

	// A nats-server that cannot write to its disk says so in its log alone. It gives no answer
	// to an append from then on, also when there is room again, but all answers else.
	errStoresNothing = errors.New("answers, and stores nothing: " + mayBeFull)
)

const mayBeFull = "the disk of the server may be full or broken. See the server's log, make room, and restart the server: it does not try again by itself"

// meaning adds to an error of an append to a stream what it means and what to do.
func meaning(stream, subject string, err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrAsyncPublishTimeout):
		return fmt.Errorf("%w: %s", err, mayBeFull)
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: no stream takes %s: %s was removed or has no leader, or the account maps this subject elsewhere", err, subject, stream)
	case !errors.As(err, &api):
		return err
	}
	switch api.ErrorCode {
	case codeSealed:
		return fmt.Errorf("%w: %s is sealed, and takes nothing more for ever", err, stream)
	case codeInsufficientResources, codeAccountLimits, codeNoStorage, codeNoMemory, codeStoreFailed:
		return fmt.Errorf("%w: the disk of the server or the storage of the account is full: make room, or raise the limit (`nats account info`)", err)
	}
	return err
}

// Codes of JetStream's errors that the client has no names for.
const (
	codeAccountLimits         = 10002
	codeInsufficientResources = 10023
	codeNoMemory              = 10028
	codeNoStorage             = 10047
	codeStoreFailed           = 10077
	codeSealed                = 10109
)

func isSealed(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeSealed
}
