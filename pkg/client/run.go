package client

import (
	"context"
	"fmt"
	"iter"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Run is what to read of a run: its ticks from Next to End-1.
type Run struct {
	Window    events.WindowKey
	Run       int
	FirstTick int64
	End       int64 // the tick after the run's last; FirstTick: the run is open

	Next  int64  // first tick to read
	After uint64 // ERS_TRACE sequence of the last frame before it; 0: read from the beginning, when Next is FirstTick
}

// All reads the whole run of a window.
func All(k events.WindowKey, run int, firstTick, ticks int64) Run {
	return Run{Window: k, Run: run, FirstTick: firstTick, End: firstTick + ticks, Next: firstTick}
}

// Problem is the error for a run whose record is not whole: which message is to
// blame, or that there is none. Reading again finds it again.
type Problem events.Problem

func (p *Problem) Error() string {
	if p.Seq == 0 {
		return fmt.Sprintf("run %d: %s: %s", p.Run, p.Stream, p.Reason)
	}
	return fmt.Sprintf("run %d: %s sequence %d: %s", p.Run, p.Stream, p.Seq, p.Reason)
}

// Frame is a decoded frame, valid until the next one is yielded.
type Frame struct {
	events.FrameDecoder
	Seq uint64
}

// Frames yields the frames of a run in order. The last thing that it yields is the
// first error: a *[Problem], or what kept it from reading.
func Frames(ctx context.Context, b *bus.Bus, r Run) iter.Seq2[*Frame, error] {
	return func(yield func(*Frame, error) bool) {
		var f Frame
		problem := func(seq uint64, format string, args ...any) {
			yield(nil, &Problem{r.Run, events.StreamTrace, seq, fmt.Sprintf(format, args...)})
		}
		next, first := r.Next, 0     // what must come
		open := r.End == r.FirstTick // it says itself with which tick it ends
		if next == r.End && !open {
			return
		}
		for m, err := range b.Read(ctx, events.StreamTrace, events.TraceSubject(r.Window.Run(r.Run)), r.After+1, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			f.Seq = m.Seq
			switch err := f.Decode(m.Data); {
			case err != nil:
				problem(m.Seq, "%v", err)
				return
			case f.Key() != r.Window || f.Run != r.Run || f.FirstTick != r.FirstTick || f.Ticks != r.End-r.FirstTick:
				problem(m.Seq, "a frame of run %s, request %.12s, with ticks %d to %d", f.RunKey, f.Request, f.FirstTick, f.FirstTick+f.Ticks-1)
				return
			case f.Abandoned != "":
				problem(m.Seq, "the coordinator gave the run up at tick %d: %s", f.Tick, f.Abandoned)
				return
			case f.Difference != nil:
				problem(m.Seq, "the run ends at tick %d with a difference that it met by itself: %s of %s", f.Tick, f.Difference.Kind, f.Difference.Task)
				return
			case f.Tick != next || f.First != first:
				problem(m.Seq, "event %d of tick %d where event %d of tick %d belongs", f.First, f.Tick, first, next)
				return
			}
			if !yield(&f, nil) {
				return
			}
			if first += f.Len(); f.Last() {
				next, first = next+1, 0
			}
			if next == r.End || f.End {
				return
			}
		}
		if open {
			problem(0, "the run does not say that it ends; it has come to event %d of tick %d", first, next)
			return
		}
		problem(0, "the run ends before event %d of tick %d; its last is tick %d", first, next, r.End-1)
	}
}

// Tick is a whole tick and the ERS_TRACE sequences of its frames.
type Tick struct {
	events.Tick
	FirstSeq, LastSeq uint64
}

// Ticks yields the ticks of a run in order, each once it is whole. The last thing that
// it yields is the first error, as of [Frames].
func Ticks(ctx context.Context, b *bus.Bus, r Run) iter.Seq2[Tick, error] {
	return func(yield func(Tick, error) bool) {
		var t Tick
		for f, err := range Frames(ctx, b, r) {
			if err != nil {
				yield(Tick{}, err)
				return
			}
			if f.First == 0 {
				t = Tick{FirstSeq: f.Seq}
			}
			f.AppendTo(&t.Tick)
			if t.LastSeq = f.Seq; f.Last() && !yield(t, nil) {
				return
			}
		}
	}
}
