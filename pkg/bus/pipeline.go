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
// Why a message cannot take the place of the one before it on its subject: while the
// group predicts, each message is guarded twice, by the last sequence of its subject
// and by the last of the stream, so that it gets the sequence predicted or none, which
// is beyond all that were known on its subject when the first was sent. So what was
// predicted for a message that is kept out is not the sequence of an earlier one, and
// keeps out all that were sent behind it. This holds where one writer at a time appends to a
// subject, as coordinators do to a run. Where several do at once, see NewSharedGroup.

const (
	maxFlight  = 512
	watchEvery = 100 * time.Millisecond

	// How many messages a group sends without predictions after one was wrong: each
	// time twice as many, unless enough were right in between.
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
	g.sent++
	if g.predicting && w.flying == 0 && g.base+g.sent <= w.last {
		g.mispredicted()
	}
	s.ordinal, s.predicted, s.sentAt, s.breaks, s.state = g.sent, g.predicting, time.Now(), g.b.breaks.Load(), flying
	w.flying++
	g.inFlight++
	g.flight[s.ordinal%maxFlight] = s
	header := nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(w.behind, 10)}}
	if w.epoch = 0; g.predicting {
		w.epoch, w.behind = g.epoch, g.base+s.ordinal
		header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(w.behind-1, 10)}
	}
	err := g.subscribe()
	if err == nil {
		err = g.b.nc.PublishMsg(&nats.Msg{Subject: w.subject, Data: s.data, Header: header, Reply: g.inbox + strconv.FormatUint(s.ordinal, 10)})
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
		g.learn(s.ordinal, seq)
	} else {
		g.mispredicted()
		s.w.broken = true
	}
	s.w.settle()
}

// learn begins to predict: as long as all that is sent is stored and nobody else writes,
// the sequence less the ordinal stays the same.
func (g *Group) learn(ordinal, seq uint64) {
	switch {
	case g.predicting:
		if g.right++; g.right == enoughRight {
			g.pause = minPause
		}
	case ordinal >= g.calm && !g.shared:
		g.predicting, g.base, g.right = true, seq-ordinal, 0
		g.epoch++
	}
}

// mispredicted ends predictions until what has been sent, and some more, has arrived.
func (g *Group) mispredicted() {
	if g.predicting {
		g.predicting = false
		g.pause = min(2*g.pause, maxPause)
	}
	g.calm = max(g.calm, g.sent+g.pause)
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

// stale tells whether the shots in flight were refused because of a prediction that
// was wrong. They are not on the stream and can be sent again.
func (w *Writer) stale() bool {
	return !slices.ContainsFunc(w.shots[:w.flying], func(s *shot) bool { return s.state != refused || !s.predicted })
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
		doubt = doubt || s.state != refused // a server that says it has not may have
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
