package hasher_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/hasher"
)

// trace writes the frames of one run by hand.
type trace struct {
	t       testing.TB
	b       *bus.Bus
	request string
	key     events.RunKey
	last    uint64
}

// newTraces asks for a window and returns its first n runs.
func newTraces(t testing.TB, b *bus.Bus, n int) (all []trace) {
	t.Helper()
	nothing := canon.Sum(nil).String()
	data, err := events.Encode(&events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p",
		DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: 8, FirstTick: firstTick, Ticks: ticks})
	if err != nil {
		t.Fatal(err)
	}
	window, err := b.Append(t.Context(), events.WindowSubject(events.Starlark, "p"), 0, data)
	if err != nil {
		t.Fatal(err)
	}
	for run := range n {
		all = append(all, trace{t: t, b: b, request: events.RequestSHA256(data), key: events.RunKey{Pipeline: "p", Window: window, Run: run}})
	}
	return all
}

func newTrace(t testing.TB, b *bus.Bus) trace { return newTraces(t, b, 1)[0] }

const (
	firstTick = 5
	ticks     = 6
)

func tick(number int64, n int) *events.Tick {
	t := &events.Tick{Tick: number}
	for i := range n {
		name := fmt.Sprintf("task %d", i)
		t.Events = append(t.Events, events.TraceEvent{Tick: number, Task: name, Lane: events.Lane(i % 2), Meta: `{"tags":[]}`})
		t.Results = append(t.Results, events.TaskResult{Name: name, Lane: events.Lane(i % 2), Value: canon.Value(fmt.Sprint(number))})
	}
	return t
}

func (w *trace) position(number int64) events.Position {
	return events.Position{Request: w.request, RunKey: w.key, FirstTick: firstTick, Ticks: ticks, Tick: number}
}

// frames returns a tick of 8 events, cut into frames of at most max bytes.
func (w *trace) frames(number int64, max int) (frames [][]byte) {
	var e events.FrameEncoder
	err := e.Encode(w.position(number), tick(number, 8), max, func(frame []byte, _ int) error {
		frames = append(frames, append([]byte(nil), frame...))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return frames
}

func (w *trace) publish(frame []byte) uint64 {
	w.t.Helper()
	seq, err := w.b.Append(w.t.Context(), events.TraceSubject(w.key), w.last, frame)
	if err != nil {
		w.t.Fatal(err)
	}
	w.last = seq
	return seq
}

func (w *trace) tick(number int64, max int) (last uint64) {
	for _, frame := range w.frames(number, max) {
		last = w.publish(frame)
	}
	return last
}

// startHasher runs a hasher until stop is called or the test ends.
func startHasher(t testing.TB, b *bus.Bus) (h *hasher.Hasher, stop func()) {
	h = hasher.New(hasher.Config{Bus: b, Log: zerolog.New(zerolog.NewTestWriter(t))})
	return h, bustest.Serve(t, h.Run)
}

// digests waits for digests of the run until enough says so, and returns them.
func digests(t testing.TB, b *bus.Bus, key events.RunKey, enough func(*events.Digest) bool) (all []events.Digest) {
	t.Helper()
	errEnough := errors.New("enough")
	err := b.Follow(t.Context(), events.StreamDigest, events.DigestSubject(key), 1, func(m bus.Message) error {
		var d events.Digest
		if err := events.Decode(m.Data, &d); err != nil {
			return err
		}
		all = append(all, d)
		if enough(&d) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return all
}

func final(d *events.Digest) bool  { return d.Final }
func broken(d *events.Digest) bool { return d.Problem != nil }
func done(n int64) func(d *events.Digest) bool {
	return func(d *events.Digest) bool { return d.Done >= n }
}

// wantSealed checks that the digests of a run cover all its ticks without gap, with
// the hashes that package events computes.
func wantSealed(t testing.TB, all []events.Digest) {
	t.Helper()
	want := events.NewRunHash()
	next := int64(firstTick)
	for _, d := range all {
		for _, c := range d.Covers {
			hashes, err := want.Add(tick(next, 8))
			if err != nil {
				t.Fatal(err)
			}
			if c.Tick != next || c.Hashes != hashes || c.Events != 8 {
				t.Errorf("digest of tick %d: %+v, want tick %d with %+v", c.Tick, c, next, hashes)
			}
			next++
		}
		if d.Hashes != want.Sum() || d.Done != next-firstTick {
			t.Errorf("after tick %d: done %d, %+v, want %+v", next-1, d.Done, d.Hashes, want.Sum())
		}
	}
	if last := all[len(all)-1]; next != firstTick+ticks || !last.Final || last.Problem != nil {
		t.Errorf("the last digest covers up to tick %d: %+v", next-1, last)
	}
}

// Hashing is stopped and begun again after every message, in the middle of ticks
// too; the digests are those of a hasher that was never stopped.
func TestResumeAnywhere(t *testing.T) {
	for _, max := range []int{1 << 20, 700} {
		b := bustest.Open(t)
		w := newTrace(t, b)
		var frames [][]byte
		for number := int64(firstTick); number < firstTick+ticks; number++ {
			frames = append(frames, w.frames(number, max)...)
		}
		if max < 1000 && len(frames) < 2*ticks {
			t.Fatalf("only %d frames", len(frames))
		}
		for i, frame := range frames {
			w.publish(frame)
			whole := int64((i + 1) * ticks / len(frames)) // ticks whose frames are all there
			_, stop := startHasher(t, b)
			if whole > 0 {
				digests(t, b, w.key, done(whole))
			}
			stop()
		}
		wantSealed(t, digests(t, b, w.key, final))
	}
}

// Two hashers at once agree, whoever appends first.
func TestTwoHashers(t *testing.T) {
	b := bustest.Open(t)
	one, _ := startHasher(t, b)
	two, _ := startHasher(t, b)
	all := newTraces(t, b, 8)
	for number := int64(firstTick); number < firstTick+ticks; number++ {
		for i := range all {
			all[i].tick(number, 1500)
		}
	}
	for i := range all {
		wantSealed(t, digests(t, b, all[i].key, final))
	}
	if p := one.Stats().Problems.Load() + two.Stats().Problems.Load(); p != 0 {
		t.Errorf("%d problems between hashers that agree", p)
	}
}

// A frame that is not the one that must come breaks its run: the last digest names
// the message and the reason, and covers the whole ticks before it.
func TestBrokenRuns(t *testing.T) {
	for name, test := range map[string]struct {
		bad    func(w *trace) []byte
		reason string
		done   int64
	}{
		"undecodable":    {func(w *trace) []byte { return []byte{0xc1} }, "frame: want a map", 2},
		"empty":          {func(w *trace) []byte { return nil }, "frame: want a map", 2},
		"repeated":       {func(w *trace) []byte { return w.frames(firstTick+1, 1<<20)[0] }, "event 0 of tick 6 where event 0 of tick 7 belongs", 2},
		"skipped":        {func(w *trace) []byte { return w.frames(firstTick+3, 1<<20)[0] }, "event 0 of tick 8 where event 0 of tick 7 belongs", 2},
		"second part":    {func(w *trace) []byte { return w.frames(firstTick+2, 700)[1] }, "of tick 7 where event 0 of tick 7 belongs", 2},
		"of another run": {func(w *trace) []byte { v := *w; v.key.Run++; return v.frames(firstTick+2, 1<<20)[0] }, "a frame of run p.1.1 on the subject of run p.1.0", 2},
		"given up": {func(w *trace) []byte {
			frame, err := events.AppendAbandoned(nil, w.position(firstTick+2), "no time")
			if err != nil {
				t.Fatal(err)
			}
			return frame
		}, "the coordinator gave the run up: no time", 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			w := newTrace(t, b)
			w.tick(firstTick, 1<<20)
			w.tick(firstTick+1, 1<<20)
			seq := w.publish(test.bad(&w))
			w.tick(firstTick+2, 1<<20) // comes too late
			startHasher(t, b)
			all := digests(t, b, w.key, broken)
			last := all[len(all)-1]
			if p := last.Problem; p.Seq != seq || p.Stream != events.StreamTrace || !strings.Contains(p.Reason, test.reason) {
				t.Errorf("%+v, want sequence %d and %q", p, seq, test.reason)
			}
			want := events.NewRunHash()
			for number := int64(firstTick); number < firstTick+test.done; number++ {
				if _, err := want.Add(tick(number, 8)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want.Sum(), last.Hashes); diff != "" || last.Done != test.done {
				t.Errorf("done %d, want %d; (-want +got)\n%s", last.Done, test.done, diff)
			}
		})
	}
}

// A frame behind the end of a sealed run breaks it after all.
func TestFrameBehindTheEnd(t *testing.T) {
	b := bustest.Open(t)
	w := newTrace(t, b)
	startHasher(t, b)
	for number := int64(firstTick); number < firstTick+ticks; number++ {
		w.tick(number, 1<<20)
	}
	sealed := digests(t, b, w.key, final)
	seq := w.tick(firstTick+ticks-1, 1<<20)
	all := digests(t, b, w.key, broken)
	last, before := all[len(all)-1], sealed[len(sealed)-1]
	if p := last.Problem; p.Seq != seq || !strings.Contains(p.Reason, "behind the end") {
		t.Errorf("%+v", p)
	}
	if last.Hashes != before.Hashes || last.Events != before.Events || last.Done != before.Done {
		t.Errorf("the run is now said to be %+v, it was sealed as %+v", last, before)
	}
}

// aDifference is what the runs of the tests end with.
var aDifference = events.Difference{Kind: events.KindRestart, Tick: firstTick, Task: "a", Pointer: "/value", Expected: "1", Found: "2"}

// difference ends the run in a tick.
func (w *trace) difference(number int64) (seq uint64) {
	w.t.Helper()
	p := w.position(number)
	p.Total = 8
	frame, err := events.AppendDifference(nil, p, &aDifference)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.publish(frame)
}

// The frame with a difference ends its run for every hasher, whether it has read the run,
// comes after the digest that says so, or has met such a digest of another hasher before
// the frame. A second such frame is one behind the end.
func TestFrameBehindADifference(t *testing.T) {
	const next = firstTick + 1
	ended := func(t *testing.T, b *bus.Bus, w *trace, first uint64) (stop func()) {
		_, stop = startHasher(t, b)
		all := digests(t, b, w.key, final)
		if d := all[len(all)-1]; d.Difference == nil || *d.Difference != aDifference || d.Problem != nil || d.LastSeq != first {
			t.Fatalf("%+v", d)
		}
		return stop
	}
	for name, prepare := range map[string]func(t *testing.T, b *bus.Bus, w *trace){
		"read": func(t *testing.T, b *bus.Bus, w *trace) { ended(t, b, w, w.difference(next)) },
		"after a restart": func(t *testing.T, b *bus.Bus, w *trace) {
			ended(t, b, w, w.difference(next))()
			startHasher(t, b)
		},
		"in a tick, after a restart": func(t *testing.T, b *bus.Bus, w *trace) {
			frames := w.frames(next, 700)
			if len(frames) < 3 {
				t.Fatalf("%d frames", len(frames))
			}
			for _, frame := range frames[:2] {
				w.publish(frame)
			}
			ended(t, b, w, w.difference(next))()
			startHasher(t, b)
		},
		"said by another": func(t *testing.T, b *bus.Bus, w *trace) {
			startHasher(t, b)
			digests(t, b, w.key, done(1)) // it has the run in memory now
			peer := w.peerDigest(1, 2)
			peer.Final, peer.State, peer.Difference, peer.LastSeq = true, "", &aDifference, 3
			data, err := events.Encode(&peer)
			if err != nil {
				t.Fatal(err)
			}
			w.say(data)
			w.tick(next, 1<<20)
			w.difference(next + 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			w := newTrace(t, b)
			w.tick(firstTick, 1<<20)
			prepare(t, b, &w)
			second := w.difference(next)
			if p := brokenDigest(t, b, w.key).Problem; p.Seq != second || !strings.Contains(p.Reason, "behind the end") {
				t.Errorf("%+v, want sequence %d", p, second)
			}
		})
	}
}

// The hasher that meets a digest with a difference where it finds none disagrees.
func TestNoDifference(t *testing.T) {
	b := bustest.Open(t)
	w := newTrace(t, b)
	startHasher(t, b)
	w.tick(firstTick, 1<<20)
	digests(t, b, w.key, done(1))
	peer := w.peerDigest(1, 2)
	peer.Final, peer.State, peer.Difference, peer.LastSeq = true, "", &aDifference, 3
	data, err := events.Encode(&peer)
	if err != nil {
		t.Fatal(err)
	}
	seq := w.say(data)
	w.tick(firstTick+1, 1<<20) // what is met first, the tick or the digest, is left to chance
	w.tick(firstTick+2, 1<<20)
	if p := brokenDigest(t, b, w.key).Problem; p.Stream != events.StreamDigest || p.Seq != seq {
		t.Errorf("%+v, want sequence %d", p, seq)
	}
}

// peerDigest is what another hasher says of the run's ticks from the from-th on and
// before the to-th, each in one frame of its own from sequence 1 on.
func (w *trace) peerDigest(from, to int64) events.Digest {
	d := events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: w.request, Pipeline: w.key.Pipeline, Window: w.key.Window, Run: w.key.Run,
		FirstTick: firstTick, Ticks: ticks, Done: to, Events: 8 * to, Final: to == ticks, LastSeq: uint64(to)}
	hash := events.NewRunHash()
	for i := range to {
		hashes, err := hash.Add(tick(firstTick+i, 8))
		if err != nil {
			w.t.Fatal(err)
		}
		if i >= from {
			d.Covers = append(d.Covers, events.TickDigest{Tick: firstTick + i, Events: 8, Hashes: hashes, FirstSeq: uint64(i + 1), LastSeq: uint64(i + 1)})
		}
	}
	if d.Hashes = hash.Sum(); !d.Final {
		d.State = hash.State()
	}
	return d
}

// say appends a digest, or anything else, behind the run's last one.
func (w *trace) say(data []byte) (seq uint64) {
	w.t.Helper()
	last, err := w.b.Last(w.t.Context(), events.StreamDigest, events.DigestSubject(w.key))
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		w.t.Fatal(err)
	}
	if seq, err = w.b.Append(w.t.Context(), events.DigestSubject(w.key), last.Seq, data); err != nil {
		w.t.Fatal(err)
	}
	return seq
}

// A hasher that is ahead of this one by one tick or several, and then falls silent:
// its digests are compared and gone on from.
func TestPeerAhead(t *testing.T) {
	for to := int64(2); to <= ticks; to++ {
		b := bustest.Open(t)
		w := newTrace(t, b)
		h, _ := startHasher(t, b)
		w.tick(firstTick, 1<<20)
		digests(t, b, w.key, done(1)) // it has the run in memory now
		peer := w.peerDigest(1, to)
		data, err := events.Encode(&peer)
		if err != nil {
			t.Fatal(err)
		}
		w.say(data)
		for number := int64(firstTick + 1); number < firstTick+ticks; number++ {
			w.tick(number, 1<<20)
		}
		wantSealed(t, digests(t, b, w.key, final))
		if n := h.Stats().Problems.Load(); n != 0 {
			t.Errorf("%d problems", n)
		}
	}
}

// A digest that does not say what this hasher finds breaks the run, whatever it is
// that is not so.
func TestHashersDisagree(t *testing.T) {
	for name, lie := range map[string]func(d *events.Digest){
		"about the first tick": func(d *events.Digest) { d.Covers[0].Result = d.Covers[0].Trace },
		"about a later tick":   func(d *events.Digest) { d.Covers[1].LastSeq++ },
		"about the run":        func(d *events.Digest) { d.Trace = d.Result },
		"about its events":     func(d *events.Digest) { d.Events++ },
		"about where it is":    func(d *events.Digest) { d.Covers = d.Covers[1:] },
		"and make no sense":    func(d *events.Digest) { d.Scheme = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			w := newTrace(t, b)
			startHasher(t, b)
			w.tick(firstTick, 1<<20)
			digests(t, b, w.key, done(1))
			peer := w.peerDigest(1, ticks)
			lie(&peer)
			data, err := events.Encode(&peer)
			if err != nil {
				t.Fatal(err)
			}
			seq := w.say(data)
			for number := int64(firstTick + 1); number < firstTick+ticks; number++ {
				w.tick(number, 1<<20)
			}
			if p := brokenDigest(t, b, w.key).Problem; p.Stream != events.StreamDigest || p.Seq != seq {
				t.Errorf("%+v, want sequence %d", p, seq)
			}
		})
	}
}

// What is no digest, as the last word on a run that this hasher has not seen yet,
// breaks the run and does not stop the hasher.
func TestNoDigest(t *testing.T) {
	b := bustest.Open(t)
	both := newTraces(t, b, 2)
	w, other := both[0], both[1]
	seq := w.say([]byte("no digest"))
	w.tick(firstTick, 1<<20)
	for number := int64(firstTick); number < firstTick+ticks; number++ {
		other.tick(number, 1<<20)
	}
	startHasher(t, b)
	if p := brokenDigest(t, b, w.key).Problem; p.Stream != events.StreamDigest || p.Seq != seq {
		t.Errorf("%+v, want sequence %d", p, seq)
	}
	wantSealed(t, digests(t, b, other.key, final))
}

// brokenDigest waits for a digest with a problem, passing over what is no digest.
func brokenDigest(t testing.TB, b *bus.Bus, key events.RunKey) (d events.Digest) {
	t.Helper()
	errEnough := errors.New("enough")
	err := b.Follow(t.Context(), events.StreamDigest, events.DigestSubject(key), 1, func(m bus.Message) error {
		var next events.Digest
		if events.Decode(m.Data, &next) == nil && next.Problem != nil {
			d = next
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return d
}

// A reason can be as long as a message, and longer once it is escaped. The digest
// that gives it must still fit into one.
func TestLongReason(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	w := newTrace(t, b)
	frame, err := events.AppendAbandoned(nil, w.position(firstTick), "it went wrong: "+strings.Repeat("\x01", 900_000))
	if err != nil {
		t.Fatal(err)
	}
	w.publish(frame)
	startHasher(t, b)
	all := digests(t, b, w.key, broken)
	if p := all[0].Problem; len(p.Reason) > events.MaxReason || !strings.Contains(p.Reason, "it went wrong") {
		t.Errorf("a reason of %d bytes: %.80q", len(p.Reason), p.Reason)
	}
}
