package events

import (
	"fmt"
	"math"

	"github.com/tinylib/msgp/msgp"

	"abraxas.dev/ers/pkg/canon"
)

// FrameVersion is the version of the frames on ers.trace.>, field v.
const FrameVersion = 2

// Position says where in a run a frame belongs.
type Position struct {
	Request string // SHA-256 of the window's request
	RunKey
	FirstTick int64 // of the run, >= 0
	Ticks     int64 // of the run, >= 1; 0: open, until a frame says that it is the end
	Tick      int64 // of this frame: FirstTick <= Tick < FirstTick+Ticks
	First     int   // index in its tick of the frame's first event
	Total     int   // events of the tick; a frame holds First to at most Total-1
}

// check makes sure that the numbers can be true together.
func (p *Position) check() error {
	switch {
	case !IsHash(p.Request):
		return fmt.Errorf("request %.80q is not a SHA-256 in 64 lower-case hex digits", p.Request)
	case CheckPipelineName(p.Pipeline) != nil:
		return CheckPipelineName(p.Pipeline)
	case p.Run < 0 || p.Run >= MaxRuns:
		return fmt.Errorf("run %d is out of range: want 0 to %d", p.Run, MaxRuns-1)
	case p.FirstTick < 0 || p.Ticks < 0 || p.FirstTick > math.MaxInt64-p.Ticks:
		return fmt.Errorf("a run of %d ticks from tick %d is out of range", p.Ticks, p.FirstTick)
	case p.Tick < p.FirstTick || p.Ticks > 0 && p.Tick >= p.FirstTick+p.Ticks:
		return fmt.Errorf("tick %d is out of range: the run has ticks %d to %d", p.Tick, p.FirstTick, p.FirstTick+p.Ticks-1)
	case p.First < 0 || p.Total < 0 || p.First > p.Total:
		return fmt.Errorf("event %d of %d is out of range", p.First, p.Total)
	}
	return nil
}

// Key is the identity of the window that the frame belongs to.
func (p *Position) Key() WindowKey { return WindowKey{p.Pipeline, p.Window, p.Request} }

// A frame is a MessagePack map of these fields in this order, each once. Between "total"
// and "events" may stand "objects" and "surroundings", which are outside of everything
// that is hashed. Behind "results" may stand one of "end", "abandoned" and "difference",
// with which the run ends; beside the last two events and results are empty.
var (
	positionFields = [...]string{"v", "request", "pipeline", "window", "run", "first_tick", "ticks", "tick", "first", "total"}
	objectFields   = [...]string{"task", "name", "sha256", "size"}
)

// frameFields is how many fields every frame has: the position, events, results.
const frameFields = len(positionFields) + 2

// The fields of an event and of a result in a frame, in the order of their canonical
// form.
var (
	eventFields  = fields("cost_entropy", "cost_ops", "lane", "meta", "status", "task", "tick")
	resultFields = fields("error", "status", "task", "value")
)

// wireField is a field's name in a frame and in the canonical form: `,"name":`, or
// `{"name":` for the first.
type wireField struct {
	name      string
	msgpack   string
	canonical string
}

func fields(names ...string) []wireField {
	list := make([]wireField, len(names))
	for i, name := range names {
		list[i] = wireField{name, string(msgp.AppendString(nil, name)), `,"` + name + `":`}
	}
	list[0].canonical = `{"` + names[0] + `":`
	return list
}

// FrameEncoder encodes ticks into frames. It keeps its buffers from one tick to the
// next and is not safe for concurrent use. The zero value is ready.
type FrameEncoder struct {
	events, results, frame []byte
	metas                  map[canon.Value][]byte // MessagePack of metas seen: a pipeline has few
}

// maxMetas bounds the cache of metas.
const maxMetas = 4096

// frameOverhead is more than what surrounds events and results in a frame.
const frameOverhead = 512

// Encode cuts a tick from event p.First on into frames of at most max bytes and
// hands each to emit, with the index of the first event after it. p.Tick and p.Total
// are set from the tick. The frame's bytes are valid until emit returns. A single
// event that does not fit is sent on its own whatever its size.
func (e *FrameEncoder) Encode(p Position, t *Tick, max int, emit func(frame []byte, next int) error) error {
	if len(t.Events) != len(t.Results) {
		return fmt.Errorf("tick %d has %d events but %d results", t.Tick, len(t.Events), len(t.Results))
	}
	p.Tick, p.Total = t.Tick, len(t.Events)
	if err := p.check(); err != nil {
		return err
	}
	e.events, e.results = e.events[:0], e.results[:0]
	n := 0 // events in the buffers, from p.First on
	for i := p.First; i < p.Total; i++ {
		eventStart, resultStart := len(e.events), len(e.results)
		if err := e.add(&t.Events[i], &t.Results[i]); err != nil {
			return fmt.Errorf("tick %d, event %d: %w", t.Tick, i, err)
		}
		if n > 0 && len(e.events)+len(e.results)+frameOverhead > max {
			if err := emit(e.finish(&p, n, eventStart, resultStart), i); err != nil {
				return err
			}
			p.First, n = i, 0
			e.events = append(e.events[:0], e.events[eventStart:]...)
			e.results = append(e.results[:0], e.results[resultStart:]...)
		}
		n++
	}
	return emit(e.finish(&p, n, len(e.events), len(e.results)), p.Total)
}

// finish joins position, n events and n results, up to the given ends of the buffers.
func (e *FrameEncoder) finish(p *Position, n, eventsEnd, resultsEnd int) []byte {
	dst := appendPosition(msgp.AppendMapHeader(e.frame[:0], uint32(frameFields)), p)
	dst = msgp.AppendArrayHeader(msgp.AppendString(dst, "events"), uint32(n))
	dst = append(dst, e.events[:eventsEnd]...)
	dst = msgp.AppendArrayHeader(msgp.AppendString(dst, "results"), uint32(n))
	dst = append(dst, e.results[:resultsEnd]...)
	e.frame = dst
	return dst
}

func appendPosition(dst []byte, p *Position) []byte {
	dst = msgp.AppendInt64(msgp.AppendString(dst, "v"), FrameVersion)
	dst = msgp.AppendString(msgp.AppendString(dst, "request"), p.Request)
	dst = msgp.AppendString(msgp.AppendString(dst, "pipeline"), p.Pipeline)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "window"), int64(p.Window))
	dst = msgp.AppendInt64(msgp.AppendString(dst, "run"), int64(p.Run))
	dst = msgp.AppendInt64(msgp.AppendString(dst, "first_tick"), p.FirstTick)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "ticks"), p.Ticks)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "tick"), p.Tick)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "first"), int64(p.First))
	return msgp.AppendInt64(msgp.AppendString(dst, "total"), int64(p.Total))
}

// add appends one event and its result to the buffers.
func (e *FrameEncoder) add(ev *TraceEvent, r *TaskResult) error {
	if err := agree(ev, r); err != nil {
		return err
	}
	meta, err := e.meta(ev.Meta)
	if err != nil {
		return fmt.Errorf("meta: %w", err)
	}
	dst := msgp.AppendMapHeader(e.events, uint32(len(eventFields)))
	dst = msgp.AppendInt64(append(dst, eventFields[0].msgpack...), ev.CostEntropy)
	dst = msgp.AppendInt64(append(dst, eventFields[1].msgpack...), ev.CostOps)
	dst = msgp.AppendString(append(dst, eventFields[2].msgpack...), ev.Lane.String())
	dst = append(append(dst, eventFields[3].msgpack...), meta...)
	dst = msgp.AppendString(append(dst, eventFields[4].msgpack...), ev.Status.String())
	dst = msgp.AppendString(append(dst, eventFields[5].msgpack...), ev.Task)
	e.events = msgp.AppendInt64(append(dst, eventFields[6].msgpack...), ev.Tick)

	dst = msgp.AppendMapHeader(e.results, uint32(len(resultFields)))
	dst = append(dst, resultFields[0].msgpack...)
	if r.hasError() {
		dst = msgp.AppendString(dst, r.Error)
	} else {
		dst = msgp.AppendNil(dst)
	}
	dst = msgp.AppendString(append(dst, resultFields[1].msgpack...), r.Status.String())
	dst = msgp.AppendString(append(dst, resultFields[2].msgpack...), r.Name)
	dst = append(dst, resultFields[3].msgpack...)
	if e.results, err = appendMsgpack(dst, r.Value); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	return nil
}

// agree refuses what no reader of the frame would take.
func agree(ev *TraceEvent, r *TaskResult) error {
	if err := ev.check(); err != nil {
		return err
	}
	if ev.Task != r.Name || ev.Status != r.Status {
		return fmt.Errorf("event of task %q (%s) beside the result of task %q (%s)", ev.Task, ev.Status, r.Name, r.Status)
	}
	return nil
}

// meta returns the MessagePack form of a meta, from the cache where it can.
func (e *FrameEncoder) meta(v canon.Value) ([]byte, error) {
	if known, ok := e.metas[v]; ok {
		return known, nil
	}
	form, err := appendMsgpack(nil, v)
	if err != nil {
		return nil, err
	}
	if e.metas == nil || len(e.metas) >= maxMetas {
		e.metas = make(map[canon.Value][]byte)
	}
	e.metas[v] = form
	return form, nil
}
