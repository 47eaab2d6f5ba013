package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
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
	MaxBatchBytes = 8 << 20
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
	lost := false
	if len(chunk) > 1 && len(failed) == 0 {
		err := b.batch(ctx, chunk)
		if err == nil {
			return
		}
		// A server that answered has stored nothing. One that did not may have.
		var refused *jetstream.APIError
		lost = !errors.As(err, &refused)
		b.log.Debug().Err(err).Int("messages", len(chunk)).Msg("no batch, appending one by one")
	}
	b.appendEach(ctx, chunk, lost, failed)
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
		p := b.newAppend(item.Subject, item.Subject, item.Last, item.Data)
		if p.lost = lost; (!lost || absent) && p.err == nil {
			p.send()
		}
		if item.Seq, item.Err = p.finish(ctx); item.Err != nil {
			failed[item.Subject] = item.Err
		}
		absent = absent || p.ack != nil // and so are those behind it: one look is enough
		last[item.Subject] = item.Seq
	}
}

// batch publishes a chunk as one atomic batch. The first item of each subject is
// guarded; those behind it need no guard, since nothing can come between.
//
// Commit point: the last message, which carries the commit. A crash before it leaves
// nothing of the batch, one after it all of it; who resumes reads the last message of
// each subject and finds out which.
func (b *Bus) batch(ctx context.Context, chunk []Item) error {
	id := nuid.Next() // between us and the server, for as long as this takes
	guarded := make(map[string]bool, len(chunk))
	for i := range chunk {
		item := &chunk[i]
		m := &nats.Msg{Subject: item.Subject, Data: item.Data, Header: nats.Header{
			"Nats-Batch-Id":       {id},
			"Nats-Batch-Sequence": {strconv.Itoa(i + 1)},
		}}
		if !guarded[item.Subject] {
			guarded[item.Subject] = true
			m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(item.Last, 10)}
		}
		if i < len(chunk)-1 {
			if err := b.nc.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		m.Header["Nats-Batch-Commit"] = []string{"1"}
		seq, err := b.commit(ctx, m)
		if err != nil {
			return err
		}
		for j := range chunk { // a batch is in one piece in the stream
			chunk[j].Seq = seq - uint64(len(chunk)-1-j)
		}
	}
	return nil
}

// commit publishes the last message of a batch and returns its sequence.
func (b *Bus) commit(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	reply, err := b.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, err
	}
	return parseAck(reply.Data)
}

// parseAck reads a server's acknowledgement or refusal.
func parseAck(data []byte) (uint64, error) {
	if seq, ok := plainAck(data); ok {
		return seq, nil
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return 0, fmt.Errorf("%w: %w", jetstream.ErrInvalidJSAck, err)
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	if ack.Seq == 0 {
		return 0, fmt.Errorf("%w: no sequence in %.80q", jetstream.ErrInvalidJSAck, data)
	}
	return ack.Seq, nil
}

// plainAck reads what parseAck reads most: {"stream":"…", "seq":17}. Anything else is
// not for it to judge.
func plainAck(data []byte) (seq uint64, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"stream":"`))
	name, rest, found := bytes.Cut(rest, []byte(`", "seq":`))
	digits, end := bytes.CutSuffix(rest, []byte("}"))
	if !ok || !found || !end || len(digits) > 19 || bytes.ContainsAny(name, "\"\\") {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		seq = 10*seq + uint64(c-'0')
	}
	return seq, seq > 0 && digits[0] != '0'
}
