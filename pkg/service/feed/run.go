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

// A runFeed appends the TrendPacks of one run.
type runFeed struct {
	*Feed
	run        client.Run // from the first tick that is not on the stream
	subject    string
	runID      string
	provenance aalviz.Provenance
	last       uint64   // ERS_VIZ sequence of the run's last document; 0: there is none
	made       [][]byte // the documents that are not there yet, all of them, when they were made ahead
}

func newRunFeed(f *Feed, v *events.Verdict, seq uint64, run int) *runFeed {
	key := v.Key().Run(run)
	return &runFeed{Feed: f, run: client.All(v.Key(), run, v.FirstTick, v.Ticks), subject: events.TrendPackSubject(key),
		runID: aalviz.RunID(key), provenance: aalviz.NewProvenance(v, seq, run)}
}

// append appends the documents of a run that are not there yet: one a tick, in memory
// that does not grow with the ticks. A *client.Problem says that this will never be
// possible for all of them.
func (r *runFeed) append(ctx context.Context) (err error) {
	for {
		if r.made == nil {
			err = r.locate(ctx)
		}
		if err == nil {
			err = r.rest(ctx)
		}
		if !errors.Is(err, bus.ErrConflict) { // or else another feed was faster: go on behind it
			return err
		}
		r.made, err = nil, nil
	}
}

// locate finds the run's last document on the stream and where to go on behind it.
func (r *runFeed) locate(ctx context.Context) error {
	m, err := r.Bus.Last(ctx, events.StreamViz, r.subject)
	if errors.Is(err, bus.ErrNotFound) {
		r.run.Next, r.run.After, r.last = r.run.FirstTick, 0, 0
		return nil
	}
	if err != nil {
		return err
	}
	var pack aalviz.TrendPack
	var p aalviz.Provenance
	if err = events.Decode(m.Data, &pack); err == nil {
		err = events.Decode([]byte(pack.Provenance), &p)
	}
	if err == nil && (pack.RunID != r.runID || pack.Tick < r.run.Next-1 || pack.Tick >= r.run.End) {
		err = fmt.Errorf("a document of run %s, tick %d, where one of run %s, tick %d or a later one, belongs", pack.RunID, pack.Tick, r.runID, r.run.Next)
	}
	if err != nil {
		return &client.Problem{Run: r.run.Run, Stream: m.Stream, Seq: m.Seq, Reason: err.Error()}
	}
	r.run.Next, r.run.After, r.last = pack.Tick+1, p.TraceLastSeq, m.Seq
	return nil
}

// rest appends the documents of the ticks that are left.
//
// Commit point: the documents get on the stream in order, one for each tick. A crash
// loses those on their way; what the stream has then is the run up to some tick, and
// locate goes on behind it.
func (r *runFeed) rest(ctx context.Context) error {
	out := r.group.Writer(r.subject, r.last)
	err := r.ticks(ctx, out)
	if _, lost := out.Flush(); lost != nil {
		return lost
	}
	return err
}

// lookEvery is after how many documents of a run the feed looks how far it is behind.
const lookEvery = 1000

func (r *runFeed) ticks(ctx context.Context, out *bus.Writer) error {
	for _, data := range r.made {
		if err := out.Append(ctx, data); err != nil {
			return err
		}
		r.stats.TrendPacks.Add(1)
	}
	if r.made != nil {
		return nil
	}
	return r.documents(ctx, func(t *client.Tick, data []byte) error {
		if err := out.Append(ctx, data); err != nil {
			return err
		}
		r.stats.TrendPacks.Add(1)
		if t.Tick.Tick%lookEvery == lookEvery-1 {
			return r.look(ctx, r.provenance.VerdictSeq-1)
		}
		return nil
	})
}

// documents makes the documents of the ticks that are left.
func (r *runFeed) documents(ctx context.Context, take func(*client.Tick, []byte) error) error {
	for t, err := range client.Ticks(ctx, r.Bus, r.run) {
		if err != nil {
			return err
		}
		data, err := r.document(ctx, &t)
		if err != nil {
			return fmt.Errorf("tick %d: %w", t.Tick.Tick, err)
		}
		if err := take(&t, data); err != nil {
			return err
		}
	}
	return nil
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
