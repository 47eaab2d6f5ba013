// Package invariants tells from the streams alone whether ERS has kept its promises: what
// was acknowledged is there once and in order, each window has one verdict, of the request
// that was made, and the verdict is what the frames say. It is for tests that break things.
//
// It shares no code with the services: it has readers of its own for what is on the bus,
// and computes all hashes anew. So it finds what a mistake in theirs would hide. It does
// not look at everything that an audit does: only at what a fault could break.
//
// invariants.go reads the streams, runs.go follows frames and digests of a run,
// verdicts.go judges each window, frame.go and canonical.go read frames and hash them.
package invariants

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Want is what a test knows besides what is on the streams.
type Want struct {
	Windows []Window // that were asked for and acknowledged
	Unsure  int      // windows that were asked for without an acknowledgement: they may be there

	// Acked are messages of which somebody has seen the acknowledgement.
	Acked []Acked

	// Feed makes sure that viewers have all of each window.
	Feed bool

	// Archives are where messages and objects may be that are not on the server any more.
	Archives []*nats.Conn
}

// Window is one that was asked for.
type Window struct {
	Number  uint64
	Request string // SHA-256 of its message
	Outcome string // that it must have; "" is any
}

// Acked is a message that the server said it has.
type Acked struct {
	Stream, Subject string
	Seq             uint64
	SHA256          [32]byte // of the message
}

// Report is what a check has found.
type Report struct {
	Windows, Frames, Digests, Verdicts, Acked int
	Outcomes                                  map[string]int

	Wrong []string // broken promises, in words
}

func (r *Report) String() string {
	return fmt.Sprintf("%d windows, %d frames, %d digests, %d verdicts %v, %d acknowledgements: %d wrong",
		r.Windows, r.Frames, r.Digests, r.Verdicts, r.Outcomes, r.Acked, len(r.Wrong))
}

// message is one message of a stream.
type message struct {
	stream, subject string
	seq             uint64
	data            []byte
}

func (m *message) String() string {
	return fmt.Sprintf("%s sequence %d on %s", m.stream, m.seq, m.subject)
}

func (m *message) sha() string {
	sum := sha256.Sum256(m.data)
	return hex.EncodeToString(sum[:])
}

// key names a run or, with run -1, a window.
type key struct {
	pipeline string
	window   uint64
	run      int
}

func (k key) String() string {
	return fmt.Sprintf("run %d of window %d of %s", k.run, k.window, k.pipeline)
}

// checker is one check.
type checker struct {
	Report
	want     Want
	failed   error // something could not be read
	object   func(sha string) ([]byte, error)
	sums     map[string]map[uint64]Acked // what is on each stream
	requests map[uint64]*request
	runs     map[key]*run
	verdicts map[uint64][]*verdict
	shown    map[uint64]*shown
}

// streams in an order in which each message comes after those that it speaks of.
var streams = []string{"ERS_WINDOW", "ERS_TRACE", "ERS_DIGEST", "ERS_VERDICT", "ERS_VIZ"}

// Check reads all streams of the server that nc is connected to. Its error says that
// they could not be read; what is wrong with them is in the report.
func Check(ctx context.Context, nc *nats.Conn, want Want) (*Report, error) {
	all := make(map[string][]*message)
	var buckets []jetstream.ObjectStore
	for _, nc := range append([]*nats.Conn{nc}, want.Archives...) {
		js, err := jetstream.New(nc)
		if err != nil {
			return nil, err
		}
		bucket, err := js.ObjectStore(ctx, "ERS_OBJECTS")
		if err != nil {
			return nil, fmt.Errorf("objects: %w", err)
		}
		buckets = append(buckets, bucket)
		for _, name := range streams {
			list, err := read(ctx, js, name)
			if err == nil {
				all[name], err = merge(all[name], list)
			}
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	return check(all, func(sha string) (data []byte, err error) {
		for _, bucket := range buckets {
			if data, err = bucket.GetBytes(ctx, sha); err == nil {
				break
			}
		}
		return data, err
	}, want)
}

// check looks at all that there is.
func check(all map[string][]*message, object func(sha string) ([]byte, error), want Want) (*Report, error) {
	c := &checker{want: want, object: object, sums: map[string]map[uint64]Acked{}, requests: map[uint64]*request{},
		runs: map[key]*run{}, verdicts: map[uint64][]*verdict{}, shown: map[uint64]*shown{}}
	c.Outcomes = map[string]int{}
	take := map[string]func(*message){"ERS_WINDOW": c.request, "ERS_TRACE": c.frame, "ERS_DIGEST": c.digest, "ERS_VERDICT": c.verdict, "ERS_VIZ": c.document}
	for _, name := range streams {
		c.sums[name] = map[uint64]Acked{}
		for i, m := range all[name] {
			if m.seq != uint64(i+1) {
				c.wrong("%v: it is message %d of its stream: some are lost", m, i+1)
			}
			c.sums[name][m.seq] = Acked{name, m.subject, m.seq, sha256.Sum256(m.data)}
			take[name](m)
		}
	}
	c.acked()
	c.asked()
	for _, seq := range slices.Sorted(maps.Keys(c.requests)) {
		c.judge(c.requests[seq])
	}
	return &c.Report, c.failed
}

func (c *checker) wrong(format string, args ...any) {
	c.Wrong = append(c.Wrong, fmt.Sprintf(format, args...))
}

// read returns the messages of a stream, up to where it ends now.
func read(ctx context.Context, js jetstream.JetStream, name string) (list []*message, err error) {
	s, err := js.Stream(ctx, name)
	if err != nil {
		return nil, err
	}
	state := s.CachedInfo().State // behind its last message others may have been freed
	if state.Msgs == 0 {
		return nil, nil
	}
	consumer, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return nil, err
	}
	it, err := consumer.Messages(jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return nil, err
	}
	defer it.Stop()
	for last := uint64(0); last < state.LastSeq && uint64(len(list)) < state.Msgs; {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, err
		}
		meta, err := m.Metadata()
		if err != nil {
			return nil, err
		}
		last = meta.Sequence.Stream
		list = append(list, &message{name, m.Subject(), last, m.Data()})
	}
	return list, nil
}

// merge puts messages of a stream together that are here and elsewhere. One that is at both places must be
// the same there.
func merge(here, elsewhere []*message) ([]*message, error) {
	of := make(map[uint64]*message)
	for _, m := range append(here, elsewhere...) {
		if found := of[m.seq]; found != nil && (found.subject != m.subject || !bytes.Equal(found.data, m.data)) {
			return nil, fmt.Errorf("%v is another message elsewhere, on %s", m, found.subject)
		}
		of[m.seq] = m
	}
	return slices.SortedFunc(maps.Values(of), func(a, b *message) int { return cmp.Compare(a.seq, b.seq) }), nil
}

// acked makes sure that what the server said it has it has.
func (c *checker) acked() {
	for _, a := range c.want.Acked {
		list, known := c.sums[a.Stream]
		if !known {
			continue // the bucket's: what matters of it is looked up by name
		}
		c.Acked++
		if found, ok := list[a.Seq]; !ok {
			c.wrong("%s: sequence %d on %s was acknowledged and is lost", a.Stream, a.Seq, a.Subject)
		} else if found != a {
			c.wrong("%s: sequence %d was acknowledged for %s, and another message is there, on %s", a.Stream, a.Seq, a.Subject, found.Subject)
		}
	}
}

// asked makes sure that the windows are those that were asked for, each once.
func (c *checker) asked() {
	left := make(map[uint64]*request, len(c.requests))
	for seq, r := range c.requests {
		left[seq] = r
	}
	for _, w := range c.want.Windows {
		r, ok := left[w.Number]
		switch {
		case !ok:
			c.wrong("window %d was asked for and is lost, or two have its number", w.Number)
			continue
		case w.Request != "" && r.sha != w.Request:
			c.wrong("window %d is of request %.12s…, and was acknowledged for %.12s…", w.Number, r.sha, w.Request)
		}
		r.outcome = w.Outcome
		delete(left, w.Number)
	}
	if len(left) > c.want.Unsure {
		c.wrong("%d windows were asked for by nobody, with %d unsure", len(left), c.want.Unsure)
	}
}

// tokens are those of a subject; nil when it does not have so many behind its prefix.
func tokens(subject, prefix string, n int) []string {
	rest, ok := strings.CutPrefix(subject, prefix)
	list := strings.Split(rest, ".")
	if !ok || len(list) != n {
		return nil
	}
	return list
}
