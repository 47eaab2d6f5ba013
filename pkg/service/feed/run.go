package feed

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// What is held back to be appended in one go: whichever is reached first.
const (
	maxHeld      = 128
	maxHeldBytes = 1 << 20
)

// A runFeed appends the TrendPacks of one run.
type runFeed struct {
	*Feed
	run        client.Run
	subject    string
	runID      string
	provenance aalviz.Provenance

	last uint64   // ERS_VIZ sequence of the run's last document; 0: there is none
	next int64    // first tick that is neither on the stream nor held
	held [][]byte // documents of the ticks up to next that are yet to be appended
	size int      // of them together
}

// run appends the documents of a run that are not there yet: one a tick, in memory
// that does not grow with the ticks. A *client.Problem says that this will never be
// possible for all of them.
func (f *Feed) run(ctx context.Context, v *events.Verdict, seq uint64, run int) error {
	key := v.Key().Run(run)
	r := &runFeed{Feed: f, run: client.All(v.Key(), run, v.FirstTick, v.Ticks), next: v.FirstTick,
		subject: events.TrendPackSubject(key), runID: aalviz.RunID(key), provenance: aalviz.NewProvenance(v, seq, run)}
	after, err := r.locate(ctx)
	if err != nil {
		return err
	}
	r.run.Next, r.run.After = r.next, after
	for t, err := range client.Ticks(ctx, f.Bus, r.run) {
		if err == nil && t.Tick.Tick >= r.next { // or else another feed was faster
			err = r.add(ctx, &t)
		}
		if err != nil {
			if err := r.flush(ctx); err != nil {
				return err
			}
			return err
		}
	}
	return r.flush(ctx)
}

// locate finds the run's last document on the stream, sets last and next by it, and
// returns the ERS_TRACE sequence that it goes up to.
func (r *runFeed) locate(ctx context.Context) (after uint64, err error) {
	m, err := r.Bus.Last(ctx, events.StreamViz, r.subject)
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var pack aalviz.TrendPack
	var p aalviz.Provenance
	if err = events.Decode(m.Data, &pack); err == nil {
		err = events.Decode([]byte(pack.Provenance), &p)
	}
	if err == nil && (pack.RunID != r.runID || pack.Tick < r.next-1 || pack.Tick >= r.run.End) {
		err = fmt.Errorf("a document of run %s, tick %d, where one of tick %d or a later one belongs", pack.RunID, pack.Tick, r.next)
	}
	if err != nil {
		return 0, &client.Problem{Run: r.run.Run, Stream: m.Stream, Seq: m.Seq, Reason: err.Error()}
	}
	r.last, r.next = m.Seq, pack.Tick+1
	return p.TraceLastSeq, nil
}

// add makes the document of a tick and appends it, alone or later with others.
func (r *runFeed) add(ctx context.Context, t *client.Tick) error {
	data, err := r.document(ctx, t)
	if err != nil {
		return fmt.Errorf("tick %d: %w", t.Tick.Tick, err)
	}
	r.held = append(r.held, data)
	r.size += len(data)
	r.next++
	if len(r.held) < maxHeld && r.size < maxHeldBytes {
		return nil
	}
	return r.flush(ctx)
}

// document is the TrendPack of a tick as it goes into a message. One that is too big
// goes into the object store, and a reference into the message.
func (r *runFeed) document(ctx context.Context, t *client.Tick) ([]byte, error) {
	hashes, err := events.TickHashes(&t.Tick)
	if err != nil {
		return nil, err
	}
	provenance, err := events.Encode(r.provenance.ForTick(hashes, t.FirstSeq, t.LastSeq))
	if err != nil {
		return nil, err
	}
	pack, err := aalviz.NewTrendPack(r.runID, canon.Value(provenance), t.Tick.Tick, t.Events, "")
	if err != nil {
		return nil, err
	}
	data, err := events.Encode(pack)
	if err != nil || len(data) <= r.Bus.MaxPayload() {
		return data, err
	}
	sha, err := r.Bus.PutObject(ctx, data)
	if err != nil {
		return nil, err
	}
	return events.Encode(pack.Cut(sha, len(data)))
}

// flush appends what is held.
//
// Commit point: the documents get on the stream in order, one for each tick. A crash
// loses those held; what the stream has then is the run up to some tick, and locate
// goes on behind it.
func (r *runFeed) flush(ctx context.Context) error {
	for len(r.held) > 0 {
		items := make([]bus.Item, len(r.held))
		for i, data := range r.held {
			items[i] = bus.Item{Subject: r.subject, Last: r.last, Data: data}
		}
		r.Bus.AppendAll(ctx, items)
		n := 0
		for n < len(items) && items[n].Err == nil {
			r.last = items[n].Seq
			n++
		}
		r.held = r.held[n:]
		r.stats.TrendPacks.Add(int64(n))
		if n == len(items) {
			break
		}
		if err := items[n].Err; !errors.Is(err, bus.ErrConflict) {
			return err
		}
		if err := r.skip(ctx); err != nil {
			return err
		}
	}
	r.held, r.size = nil, 0
	return r.look(ctx, r.provenance.VerdictSeq-1)
}

// skip drops from what is held what another feed has appended, and goes on behind it.
func (r *runFeed) skip(ctx context.Context) error {
	end := r.next
	r.next -= int64(len(r.held))
	if _, err := r.locate(ctx); err != nil {
		return err
	}
	r.held = r.held[max(0, int64(len(r.held))-max(0, end-r.next)):]
	r.next = max(r.next, end)
	return nil
}
