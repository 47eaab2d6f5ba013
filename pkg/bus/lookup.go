package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/events"
)

// ErrNotFound says that there is no such message or object.
var ErrNotFound = events.ErrNotFound

// Message is one message of a stream.
type Message = events.Message

// Last returns the last message on a subject or filter. ErrNotFound when there is
// none. Like all look-ups it sees every append that was acknowledged before.
func (b *Bus) Last(ctx context.Context, stream, filter string) (Message, error) {
	if isWide(filter) {
		// The server looks at each subject that matches, and there are some for each window.
		// The newest message of the stream it has at once, and that is most often the one.
		m, err := b.newest(ctx, stream)
		if err == nil && matches(filter, m.Subject) || err != nil && !errors.Is(err, ErrNotFound) {
			return m, err
		}
	}
	return b.get(ctx, stream, "last message on "+filter, getRequest{Last: filter})
}

// newest returns the message with the last sequence of a stream. ErrNotFound when that one
// is not there any more, or there never was one.
func (b *Bus) newest(ctx context.Context, stream string) (Message, error) {
	return b.get(ctx, stream, "its newest message", getRequest{Last: ">"})
}

// isWide tells whether a filter matches subjects of many windows.
func isWide(filter string) bool { return strings.HasSuffix(filter, ".*.*") }

// Get returns the message with a sequence. ErrNotFound when there is none.
func (b *Bus) Get(ctx context.Context, stream string, seq uint64) (Message, error) {
	if seq == 0 {
		return Message{}, fmt.Errorf("stream %s: message 0: %w", stream, ErrNotFound)
	}
	if m, ok := b.getDirect(ctx, stream, seq); ok {
		return m, nil
	}
	return b.get(ctx, stream, fmt.Sprint("message ", seq), getRequest{Seq: seq})
}

// Next returns the first message with a sequence of at least from on a subject or
// filter. ErrNotFound when there is none.
func (b *Bus) Next(ctx context.Context, stream, filter string, from uint64) (Message, error) {
	return b.get(ctx, stream, fmt.Sprintf("message on %s from %d on", filter, from), getRequest{Seq: max(from, 1), Next: filter})
}

// LastSeq returns the sequence of the last message of a stream, 0 when it never had
// one.
func (b *Bus) LastSeq(ctx context.Context, stream string) (uint64, error) {
	s, err := b.state(ctx, stream)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", stream, err)
	}
	return s.State.LastSeq, nil
}

// Lookup is the bus as the cores of the services see it. Its look-ups end with ctx.
func (b *Bus) Lookup(ctx context.Context) events.Lookup { return lookup{ctx, b} }

type lookup struct {
	ctx context.Context
	b   *Bus
}

func (l lookup) Last(stream, filter string) (Message, error) { return l.b.Last(l.ctx, stream, filter) }

func (l lookup) Next(stream, filter string, from uint64) (Message, error) {
	return l.b.Next(l.ctx, stream, filter, from)
}

func (l lookup) LastSeq(stream string) (uint64, error) { return l.b.LastSeq(l.ctx, stream) }

func (l lookup) OpenObject(sha string) (io.ReadCloser, error) { return l.b.OpenObject(l.ctx, sha) }

// Get asks for all messages at once.
func (l lookup) Get(stream string, seqs ...uint64) ([]Message, error) {
	found := make([]Message, len(seqs))
	var group errgroup.Group
	group.SetLimit(16)
	for i, seq := range seqs {
		group.Go(func() (err error) {
			found[i], err = l.b.Get(l.ctx, stream, seq)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return found, group.Wait()
}

// Count returns how many messages of a stream match a filter.
func (b *Bus) Count(ctx context.Context, stream, filter string) (n uint64, err error) {
	if _, err := b.Last(ctx, stream, filter); err != nil {
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoStream) {
			err = nil
		}
		return 0, err
	}
	subjects, err := b.Subjects(ctx, stream, filter)
	for _, messages := range subjects {
		n += messages
	}
	return n, err
}

// Subjects returns the subjects of a stream that match a filter and have messages, with
// how many. It takes a while where there are many.
func (b *Bus) Subjects(ctx context.Context, stream, filter string) (list map[string]uint64, err error) {
	err = b.patiently(ctx, func(ctx context.Context) error {
		list, err = b.askSubjects(ctx, stream, filter)
		return err
	})
	return list, err
}

func (b *Bus) askSubjects(ctx context.Context, stream, filter string) (map[string]uint64, error) {
	if _, err := b.stream(stream); err != nil {
		return nil, err
	}
	ctx, done := b.heed(ctx, b.apiPrefix+"STREAM.INFO."+stream)
	defer done()
	s, err := b.js.Stream(ctx, stream) // not the one that all share: Info writes into it
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, heeded(ctx, err))
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, fmt.Errorf("stream %s: subjects on %s: %w", stream, filter, heeded(ctx, err))
	}
	return info.State.Subjects, nil
}

// Streams returns the streams as they are now, the bucket's last. Those that are missing
// are left out.
func (b *Bus) Streams(ctx context.Context) (list []*jetstream.StreamInfo, err error) {
	for _, c := range ours() {
		if _, ok := b.streams[c.Name]; !ok {
			continue
		}
		s, err := b.state(ctx, c.Name)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", c.Name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

type getRequest struct {
	Seq  uint64 `json:"seq,omitempty"`
	Last string `json:"last_by_subj,omitempty"`
	Next string `json:"next_by_subj,omitempty"`
}

type getResponse struct {
	Error   *jetstream.APIError `json:"error"`
	Message *struct {
		Subject string    `json:"subject"`
		Seq     uint64    `json:"seq"`
		Data    []byte    `json:"data"`
		Time    time.Time `json:"time"`
	} `json:"message"`
}

// getDirect asks any replica for the message with a sequence. What is found is the
// message, since none of ours is ever changed; what is not found may be on its way, and
// is for the leader to say. The answer is the message as it is, where the leader's has
// it in base64 in JSON.
func (b *Bus) getDirect(ctx context.Context, stream string, seq uint64) (Message, bool) {
	if _, err := b.stream(stream); err != nil || b.apiPrefix != jetstream.DefaultAPIPrefix {
		return Message{}, false // another prefix may not be let through for this request
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	subject := b.apiPrefix + "DIRECT.GET." + stream
	ctx, done := b.heed(ctx, subject) // who may not is told by the leader
	defer done()
	request := strconv.AppendUint([]byte(`{"seq":`), seq, 10)
	answer, err := b.nc.RequestWithContext(ctx, subject, append(request, '}'))
	if err != nil || answer.Header.Get(nats.JSSequence) != strconv.FormatUint(seq, 10) || answer.Header.Get(nats.JSStream) != stream {
		return Message{}, false
	}
	m := Message{Stream: stream, Subject: answer.Header.Get(nats.JSSubject), Seq: seq, Data: answer.Data}
	if at, err := time.Parse(time.RFC3339Nano, answer.Header.Get(nats.JSTimeStamp)); err == nil {
		m.At = at.UnixNano()
	}
	return m, true
}

// get asks the leader of the stream. The client's own look-up asks any replica
// ("direct get"), which may not have the newest message yet; but on what we find
// here rests what is appended next, and whether a window is complete.
func (b *Bus) get(ctx context.Context, stream, what string, request getRequest) (m Message, err error) {
	err = b.patiently(ctx, func(ctx context.Context) error {
		m, err = b.askLeader(ctx, stream, request)
		return err
	})
	if err != nil {
		err = fmt.Errorf("stream %s: %s: %w", stream, what, err)
	}
	return m, err
}

func (b *Bus) askLeader(ctx context.Context, stream string, request getRequest) (Message, error) {
	if _, err := b.stream(stream); err != nil {
		return Message{}, err
	}
	data, err := json.Marshal(request)
	if err != nil {
		return Message{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	subject := b.apiPrefix + "STREAM.MSG.GET." + stream
	ctx, done := b.heed(ctx, subject)
	defer done()
	answer, err := b.nc.RequestWithContext(ctx, subject, data)
	if errors.Is(err, nats.ErrNoResponders) {
		return Message{}, jetstream.ErrJetStreamNotEnabled
	}
	if err != nil {
		return Message{}, heeded(ctx, err)
	}
	var response getResponse
	if err := json.Unmarshal(answer.Data, &response); err != nil {
		return Message{}, err
	}
	switch found := response.Message; {
	case response.Error != nil && response.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return Message{}, ErrNotFound
	case response.Error != nil:
		return Message{}, response.Error
	case found == nil:
		return Message{}, jetstream.ErrInvalidJetStreamResponse
	default:
		return Message{Stream: stream, Subject: found.Subject, Seq: found.Seq, Data: found.Data, At: found.Time.UnixNano()}, nil
	}
}

// apiTimeout is how long a server may take to answer.
const apiTimeout = 5 * time.Second

func (b *Bus) stream(name string) (jetstream.Stream, error) {
	if s, ok := b.streams[name]; ok {
		return s, nil
	}
	if b.readOnly && isOurs(name) {
		return nil, fmt.Errorf("stream %s: %w", name, ErrNoStream)
	}
	return nil, fmt.Errorf("%q is not a stream of ERS", name)
}
