package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Item is one guarded append of many.
type Item struct {
	Subject string
	Last    uint64 // as for Append. Of several items on a subject only the first one's counts: the others stand behind it
	Data    []byte

	Seq uint64 // set when Err is nil
	Err error
}

// MaxBatch is the most items, and MaxBatchBytes about the most data, that go into one
// batch.
const (
	MaxBatch      = 1000 // the server's limit
	MaxBatchBytes = 4 << 20
)

// AppendAll makes many guarded appends to one stream at the cost of few: it writes
// them as atomic batches, each with one sync to disk. Each item ends as if it had
// been appended by [Bus.Append] after the items before it, and says so in Seq and
// Err; after an item that failed, those behind it on its subject fail too.
func (b *Bus) AppendAll(ctx context.Context, items []Item) {
	last := make(map[string]uint64) // of subjects that have had an item
	failed := make(map[string]error)
	for len(items) > 0 {
		n, size := 0, 0
		for n < min(len(items), MaxBatch) && (n == 0 || size+len(items[n].Data) <= MaxBatchBytes) {
			size += len(items[n].Data)
			n++
		}
		chunk := items[:n]
		items = items[n:]
		for i := range chunk {
			if seq, ok := last[chunk[i].Subject]; ok {
				chunk[i].Last = seq
			}
		}
		b.appendChunk(ctx, chunk, failed)
		for i := range chunk {
			last[chunk[i].Subject] = chunk[i].Seq
		}
	}
}

// appendChunk writes a chunk as one batch or, when that cannot be, item by item.
func (b *Bus) appendChunk(ctx context.Context, chunk []Item, failed map[string]error) {
	if len(chunk) == 1 || len(failed) > 0 {
		b.appendEach(ctx, chunk, false, failed)
		return
	}
	if err := b.batch(ctx, chunk); err != nil {
		b.insteadOfBatch(ctx, chunk, err, failed)
	}
}

// insteadOfBatch appends item by item what could not be committed as one batch.
func (b *Bus) insteadOfBatch(ctx context.Context, chunk []Item, err error, failed map[string]error) {
	if errors.Is(err, ErrForeign) {
		for i := range chunk {
			chunk[i].Err = err
			failed[chunk[i].Subject] = err
		}
		return
	}
	b.log.Debug().Err(err).Int("messages", len(chunk)).Msg("no batch, appending one by one")
	b.appendEach(ctx, chunk, !isAnswer(err), failed)
}

// isAnswer tells whether a server has said what is wrong with a batch: then nothing of it is
// stored. Of one that did not answer all may be.
func isAnswer(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused)
}

// appendEach appends items one by one, those of a subject behind each other. lost says
// that an earlier attempt may have stored the first of them, up to some item: they are
// then looked for. failed are the subjects that an item has failed on.
func (b *Bus) appendEach(ctx context.Context, items []Item, lost bool, failed map[string]error) {
	absent := false
	last := make(map[string]uint64)
	for i := range items {
		item := &items[i]
		if seq, ok := last[item.Subject]; ok {
			item.Last = seq
		}
		if item.Err = failed[item.Subject]; item.Err != nil {
			continue
		}
		heeding, done := b.heed(ctx, item.Subject)
		p := b.newAppend(item.Subject, item.Subject, item.Last, item.Data)
		if p.lost = lost; (!lost || absent) && p.err == nil {
			p.send()
		}
		if item.Seq, item.Err = p.finish(heeding); item.Err != nil {
			failed[item.Subject] = item.Err
		}
		done()
		absent = absent || p.ack != nil // and so are those behind it: one look is enough
		last[item.Subject] = item.Seq
	}
}

// batch publishes a chunk as one atomic batch.
func (b *Bus) batch(ctx context.Context, chunk []Item) error {
	s, err := b.stage(chunk, 0)
	if err != nil {
		return err
	}
	return s.commit(ctx)
}

// staged is an atomic batch whose last message has not been sent: nothing of it is in the
// stream, and after some seconds the server forgets it.
type staged struct {
	b         *Bus
	publisher jetstreamext.BatchPublisher
	chunk     []Item
	guard     []jetstreamext.BatchMsgOpt // of the last message
}

// stage sends a chunk as an atomic batch, all but its last message. The first item of each
// subject is guarded; those behind it need no guard, since nothing can come between. The
// first of all is guarded by the last sequence of the stream too, unless behind is 0.
func (b *Bus) stage(chunk []Item, behind uint64) (*staged, error) {
	publisher, err := jetstreamext.NewBatchPublisher(b.js, jetstreamext.BatchFlowControl{}) // one wait, for the commit
	if err != nil {
		return nil, err
	}
	s := &staged{b: b, publisher: publisher, chunk: chunk}
	guarded := make(map[string]bool, len(chunk))
	for i := range chunk {
		item := &chunk[i]
		var guard []jetstreamext.BatchMsgOpt
		if !guarded[item.Subject] {
			guarded[item.Subject] = true
			guard = append(guard, jetstreamext.WithBatchExpectLastSequencePerSubject(item.Last))
		}
		if i == 0 && behind > 0 {
			guard = append(guard, jetstreamext.WithBatchExpectLastSequence(behind))
		}
		if i == len(chunk)-1 {
			s.guard = guard
		} else if err := publisher.Add(item.Subject, item.Data, guard...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// commit sends the last message, and notes in the items what became of them when all are
// stored. A server that answers with an error has stored nothing.
//
// Commit point: the last message. A crash before it leaves nothing of the batch, one after
// it all of it; who resumes reads the last message of each subject and finds out which.
func (s *staged) commit(ctx context.Context) error {
	item := &s.chunk[len(s.chunk)-1]
	stream, err := streamOf(item.Subject)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	ctx, done := s.b.heed(ctx, item.Subject)
	defer done()
	a, err := s.publisher.Commit(ctx, item.Subject, item.Data, s.guard...)
	if err != nil {
		return heeded(ctx, err)
	}
	if err := s.b.checkAck(item.Subject, stream, ack{a.Stream, a.Domain, a.Sequence}); err != nil {
		return err
	}
	s.b.wrote(stream)
	for i := range s.chunk { // a batch is in one piece in the stream
		s.chunk[i].Seq = a.Sequence - uint64(len(s.chunk)-1-i)
	}
	return nil
}

// ack is what a server says of a message that it has stored.
type ack struct {
	stream, domain string
	seq            uint64
}

// parseAck reads a server's acknowledgement or refusal.
func parseAck(data []byte) (ack, error) {
	if a, ok := plainAck(data); ok {
		return a, nil
	}
	var answer struct {
		Error  *jetstream.APIError `json:"error"`
		Stream string              `json:"stream"`
		Domain string              `json:"domain"`
		Seq    uint64              `json:"seq"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return ack{}, fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)
	}
	if answer.Error != nil {
		return ack{}, answer.Error
	}
	if answer.Seq == 0 {
		return ack{}, fmt.Errorf("%w: no sequence in %.80q", jetstream.ErrInvalidJSAck, data)
	}
	return ack{answer.Stream, answer.Domain, answer.Seq}, nil
}

// plainAck reads what parseAck reads most: {"stream":"…","domain":"…","seq":17}, where
// the domain may be left out. Anything else is not for it to judge.
func plainAck(data []byte) (a ack, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"stream":"`))
	if !ok {
		return ack{}, false
	}
	stream, rest, found := bytes.Cut(rest, []byte(`",`))
	if !found || !isPlain(stream) {
		return ack{}, false
	}
	var domain []byte
	if named, ok := bytes.CutPrefix(rest, []byte(`"domain":"`)); ok {
		if domain, rest, found = bytes.Cut(named, []byte(`",`)); !found || !isPlain(domain) {
			return ack{}, false
		}
	}
	digits, begun := bytes.CutPrefix(rest, []byte(`"seq":`))
	digits, ended := bytes.CutSuffix(digits, []byte("}"))
	if !begun || !ended || len(digits) == 0 || len(digits) > 19 || digits[0] == '0' {
		return ack{}, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return ack{}, false
		}
		a.seq = 10*a.seq + uint64(c-'0')
	}
	a.stream, a.domain = nameOf(stream), string(domain)
	return a, true
}

// isPlain tells whether a text in JSON is what stands between its quotes.
func isPlain(text []byte) bool {
	return !bytes.ContainsAny(text, "\"\\") && utf8.Valid(text) && !slices.ContainsFunc(text, isControl)
}

func isControl(c byte) bool { return c < ' ' }

// nameOf is a stream's name, without an allocation when it is one of ours.
func nameOf(name []byte) string {
	for i := range streams {
		if streams[i].Name == string(name) {
			return streams[i].Name
		}
	}
	return string(name)
}
