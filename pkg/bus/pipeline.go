package bus

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// The pipeline of a group: from when a message is sent until its writer knows what
// became of it. What the methods of this file touch is guarded by Group.mu.
//
// Why a message cannot take the place of the one before it on its subject: messages that are
// on their way together are a chain, in which each is let in only if the last message of the
// stream is the one sent right before it, whose id it names. So a message is stored only
// behind all of its chain that were sent before it, and a writer has several on their way only
// in one chain. Sequences cannot promise that: what was predicted for a message that is kept
// out may be the sequence of a message of others.
//
// A server in a cluster is sent no chains, and a writer has one message on its way there, or
// batches. A message that comes behind another one than it names is refused there only when
// it is applied, and nats-server 2.15 then leaves out what it was to apply together with it:
// the stream stood still in TestCluster.

const (
	maxFlight  = 512
	watchEvery = 100 * time.Millisecond

	// How many messages a group sends one by one after a chain broke: each time twice as
	// many, unless enough were let in between.
	minPause    = 64
	maxPause    = 16384
	enoughRight = 4096
)

// send sends the writer's next message.
//
// Commit point: from here on the message may be in the stream. A crash before the
// acknowledgement leaves a whole message or none, and of several on a subject the
// first ones; who resumes reads the subject's last message and finds out which.
func (g *Group) send(w *Writer) {
	s := w.shots[w.flying]
	err := g.subscribe()
	if g.inFlight == 0 {
		g.endChain()
	}
	g.sent++
	s.ordinal, s.sentAt, s.breaks, s.state = g.sent, time.Now(), g.b.breaks.Load(), flying
	id := g.inbox + strconv.FormatUint(s.ordinal, 10)
	header := nats.Header{jetstream.MsgIDHeader: {id}}
	if w.flying == 0 {
		header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(w.last, 10)}
	}
	if w.chain = 0; g.sent > g.calm && g.b.isAlone(w.stream) {
		if w.chain = g.chain; g.link != "" {
			header[jetstream.ExpectedLastMsgIDHeader] = []string{g.link}
		}
		g.link = id
	}
	w.flying++
	g.inFlight++
	g.flight[s.ordinal%maxFlight] = s
	if err == nil {
		err = g.b.nc.PublishMsg(&nats.Msg{Subject: w.subject, Data: s.data, Header: header, Reply: id})
	}
	if err != nil {
		g.land(s, unsent, 0)
		return
	}
	g.watch()
}

// subscribe makes sure that acknowledgements reach us.
func (g *Group) subscribe() error {
	if g.inbox != "" {
		return nil
	}
	inbox := g.b.nc.NewInbox() + "."
	if _, err := g.b.nc.Subscribe(inbox+"*", func(m *nats.Msg) { g.acknowledged(m) }); err != nil {
		return err
	}
	g.inbox = inbox
	return nil
}

// acknowledged takes what the server says of a message.
func (g *Group) acknowledged(m *nats.Msg) {
	ordinal, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, g.inbox), 10, 64)
	if err != nil {
		return // nothing that we asked for
	}
	a, err := parseAck(m.Data)
	state := stored
	switch {
	case m.Header.Get("Status") == noResponders:
		state = unsent
	case isAstray(err):
		state = astray
	case isConflict(err):
		state = refused
	case isLost(err):
		state = lost
	case err != nil:
		state = unsent
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.flight[ordinal%maxFlight]; s != nil && s.ordinal == ordinal {
		if state == stored {
			if err := g.b.checkAck(s.w.subject, s.w.stream, a); err != nil {
				state = foreign
				s.w.foreign = &AppendError{s.w.stream, s.w.subject, err}
			} else {
				g.b.wrote(s.w.stream)
			}
		}
		now := time.Now()
		if g.inFlight == 1 {
			g.pace.measure(now.Sub(s.sentAt), len(s.data))
		}
		g.land(s, state, a.seq)
		g.pace.doubt(now, g.inFlight > 0)
		g.pump()
	}
}

const noResponders = "503"

// land notes what became of a shot.
func (g *Group) land(s *shot, state shotState, seq uint64) {
	g.flight[s.ordinal%maxFlight] = nil
	g.inFlight--
	s.state, s.seq = state, seq
	if state == stored {
		g.end = max(g.end, seq)
		if g.right++; g.right == enoughRight {
			g.pause = minPause
		}
	} else {
		g.broke(s)
		s.w.broken = true
	}
	s.w.settle()
}

// broke ends the chain, and lets none begin until what has been sent, and some more, has
// arrived.
func (g *Group) broke(s *shot) {
	if s.ordinal > g.broken { // else it was sent behind the one that broke it
		g.pause = min(2*g.pause, maxPause)
		g.broken, g.right = g.sent, 0
	}
	g.calm = g.sent + g.pause
	g.endChain()
}

// endChain lets the next message that is in a chain be the first of one.
func (g *Group) endChain() {
	g.chain++
	g.link = ""
}

// isAlone tells whether a stream is on a server that is in no cluster.
func (b *Bus) isAlone(stream string) bool {
	s := b.streams[stream]
	if s == nil {
		return false
	}
	c := s.CachedInfo().Cluster
	return (c == nil || c.Name == "") && b.nc.ConnectedClusterName() == ""
}

// settle takes the shots that are stored off the writer's queue, and where one is not,
// waits for the others to see what to do about it.
func (w *Writer) settle() {
	if w.mending {
		return
	}
	n := 0
	for n < w.flying && w.shots[n].state == stored {
		w.last = w.shots[n].seq
		n++
	}
	w.flying -= n
	w.drop(n)
	if w.broken && !slices.ContainsFunc(w.shots[:w.flying], func(s *shot) bool { return s.state == flying }) {
		switch {
		case w.foreign != nil:
			w.fail(w.foreign)
		case w.stale():
			w.again()
		default:
			w.mending = true
			go w.mend()
		}
	}
	if w.flying == 0 {
		w.behind = w.last
		w.g.list(w)
	}
}

// stale tells whether the shots in flight were refused because their chain broke. They are
// not on the stream and can be sent again.
func (w *Writer) stale() bool {
	return !slices.ContainsFunc(w.shots[:w.flying], func(s *shot) bool { return s.state != astray })
}

// again makes shots that were sent wait to be sent.
func (w *Writer) again() { w.flying, w.broken = 0, false }

// mend finds out from the stream what became of the writer's shots, and appends those
// that are missing, one by one.
func (w *Writer) mend() {
	g := w.g
	g.mu.Lock()
	items := make([]Item, w.flying)
	doubt := false // some may be in the stream
	for i, s := range w.shots[:w.flying] {
		items[i] = Item{Subject: w.subject, Last: w.last, Data: s.data}
		doubt = doubt || s.state != refused && s.state != astray // a server that says it has not may have
	}
	ctx := w.ctx
	g.mu.Unlock()
	g.b.appendEach(ctx, items, doubt, make(map[string]error))
	g.mu.Lock()
	defer g.mu.Unlock()
	w.mending = false
	w.again()
	w.committed(items)
	g.list(w)
	g.pump()
}

// watch notices, while something is in flight, when no answer to it will come.
func (g *Group) watch() {
	if !g.watching {
		g.watching = true
		time.AfterFunc(watchEvery, g.rescue)
	}
}

// isRefused tells whether the server refuses what a writer sends.
func (b *Bus) isRefused(w *Writer) bool {
	trouble, known := b.trouble(writing(w.stream))
	refused, ok := errors.AsType[*RefusedError](trouble.Err)
	return known && ok && refused.Subject == w.subject
}

// rescue gives up the shots whose acknowledgement will not come.
func (g *Group) rescue() {
	g.mu.Lock()
	defer g.mu.Unlock()
	breaks, closed, n, level := g.b.breaks.Load(), g.b.nc.IsClosed(), 0, zerolog.DebugLevel
	for _, s := range g.flight {
		late := s != nil && time.Since(s.sentAt) >= ackTimeout
		if s != nil && (closed || s.breaks != breaks || late || g.b.isRefused(s.w)) {
			if _, known := g.b.trouble(writing(s.w.stream)); !known {
				level = zerolog.WarnLevel // it is said once
			}
			if late && s.breaks == breaks {
				g.b.unheard(s.w.stream, errUnheard)
			}
			g.land(s, lost, 0)
			n++
		}
	}
	if n > 0 {
		g.b.log.WithLevel(level).Int("messages", n).Msg("acknowledgements lost, looking in the stream")
	}
	g.watching = false
	if g.inFlight > 0 {
		g.watch()
	}
	g.pump()
}
