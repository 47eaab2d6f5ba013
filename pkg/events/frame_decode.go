package events

import (
	"fmt"
	"iter"
	"math"

	"abraxas.dev/ers/pkg/canon"
)

// FrameDecoder decodes frames straight into canonical bytes: what a hash covers is
// made here, by the reader, from the fields. It keeps its buffers from one frame to
// the next and is not safe for concurrent use. The zero value is ready. What its
// methods return is valid until the next call of Decode.
type FrameDecoder struct {
	Position
	Abandoned string // not empty: the coordinator gave the run up here, and why

	c       cursor
	fields  int    // of the frame
	body    []byte // of the message: all that follows the position
	events  []byte // canonical events joined by commas
	results []byte // canonical results joined by commas
	entries []entry
}

// entry says where an event and its result lie in the buffers.
type entry struct {
	eventEnd, resultEnd  int
	taskStart, taskEnd   int // the canonical task name in events
	metaStart, metaEnd   int // likewise
	lane                 Lane
	status               Status
	costOps, costEntropy int64
}

// Decode reads one frame. The error says which field of which event, and at which
// byte, is not as it must be.
func (d *FrameDecoder) Decode(message []byte) error {
	if err := d.DecodePosition(message); err != nil {
		return err
	}
	return d.DecodeBody()
}

// DecodePosition reads a frame up to its events: who knows what follows from before
// (see [Memo]) can leave it at that. Until [FrameDecoder.DecodeBody] the frame has no
// events.
func (d *FrameDecoder) DecodePosition(message []byte) error {
	d.c = cursor{all: message, rest: message, path: d.c.path[:0]}
	d.events, d.results, d.entries, d.Abandoned = d.events[:0], d.results[:0], d.entries[:0], ""
	err := d.header()
	if err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	d.body = d.c.rest
	return nil
}

func (d *FrameDecoder) header() (err error) {
	if d.fields, err = d.c.mapHeader(); err != nil {
		return err
	}
	if err := d.version(); err != nil {
		return err
	}
	if d.fields != len(frameFields) && d.fields != len(frameFields)-1 {
		return d.c.failf("a frame has %d or %d fields, this one %d", len(frameFields)-1, len(frameFields), d.fields)
	}
	return d.position()
}

// DecodeBody reads what [FrameDecoder.DecodePosition] left.
func (d *FrameDecoder) DecodeBody() error {
	if err := d.decodeBody(); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	if rest := len(d.c.rest); rest > 0 {
		return fmt.Errorf("frame: %d bytes follow its end (byte %d)", rest, len(d.c.all)-rest)
	}
	return nil
}

func (d *FrameDecoder) decodeBody() error {
	if err := d.readEvents(); err != nil {
		return err
	}
	if err := d.readResults(); err != nil {
		return err
	}
	if d.fields == len(frameFields) {
		return d.abandoned()
	}
	if len(d.entries) == 0 && d.Total > 0 {
		return d.c.failf("a tick of %d events in a frame of none", d.Total)
	}
	return nil
}

// version comes first, so that a frame of another version is refused by name.
func (d *FrameDecoder) version() error {
	if err := d.c.key("v"); err != nil {
		return err
	}
	v, err := d.c.count(math.MaxInt64)
	if err != nil {
		return err
	}
	if v != FrameVersion {
		return d.c.failf("%w: frame version %d, this reader knows %d", ErrSchema, v, FrameVersion)
	}
	d.c.pop()
	return nil
}

func (d *FrameDecoder) position() error {
	c := &d.c
	if err := c.key("pipeline"); err != nil {
		return err
	}
	pipeline, err := c.string()
	if err != nil {
		return err
	}
	if pipeline != d.Pipeline { // frames come in rows of one pipeline
		d.Pipeline = string([]byte(pipeline))
	}
	c.pop()
	var numbers [7]int64
	for i, name := range frameFields[2:9] {
		if err := c.key(name); err != nil {
			return err
		}
		most := int64(math.MaxInt64)
		if name == "run" || name == "first" || name == "total" {
			most = math.MaxInt32
		}
		if numbers[i], err = c.count(most); err != nil {
			return err
		}
		c.pop()
	}
	d.Window, d.Run = uint64(numbers[0]), int(numbers[1])
	d.FirstTick, d.Ticks, d.Tick = numbers[2], numbers[3], numbers[4]
	d.First, d.Total = int(numbers[5]), int(numbers[6])
	if err := d.check(); err != nil {
		return c.fail(err)
	}
	return nil
}

func (d *FrameDecoder) abandoned() error {
	c := &d.c
	if err := c.key("abandoned"); err != nil {
		return err
	}
	reason, err := c.string()
	if err != nil {
		return err
	}
	if reason == "" || len(d.entries) > 0 {
		return c.failf("an abandoned run says why and has no events in this frame")
	}
	c.pop()
	d.Abandoned = string([]byte(reason))
	return nil
}

// Len is the number of events in the frame.
func (d *FrameDecoder) Len() int { return len(d.entries) }

// Last tells whether the frame ends its tick.
func (d *FrameDecoder) Last() bool { return d.First+d.Len() == d.Total }

// Events returns the canonical events joined by commas.
func (d *FrameDecoder) Events() []byte { return d.events }

// Results returns the canonical results joined by commas.
func (d *FrameDecoder) Results() []byte { return d.results }

// Event returns the canonical bytes of the i-th event of the frame.
func (d *FrameDecoder) Event(i int) []byte {
	start := 0
	if i > 0 {
		start = d.entries[i-1].eventEnd + 1
	}
	return d.events[start:d.entries[i].eventEnd]
}

// Result returns the canonical bytes of the i-th result of the frame.
func (d *FrameDecoder) Result(i int) []byte {
	start := 0
	if i > 0 {
		start = d.entries[i-1].resultEnd + 1
	}
	return d.results[start:d.entries[i].resultEnd]
}

// forecastSpans yields the forecast events as joined spans with their counts: one
// span, unless the lanes are mixed up.
func (d *FrameDecoder) forecastSpans() iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		for i := 0; i < len(d.entries); i++ {
			first := i
			for i < len(d.entries) && d.entries[i].lane == Forecast {
				i++
			}
			if i == first {
				continue
			}
			start := 0
			if first > 0 {
				start = d.entries[first-1].eventEnd + 1
			}
			if !yield(d.events[start:d.entries[i-1].eventEnd], i-first) {
				return
			}
		}
	}
}

// AppendTo appends the frame's events and results to a tick, as structures.
func (d *FrameDecoder) AppendTo(t *Tick) {
	t.Tick = d.Tick
	all := string(d.events) // one copy for the metas of all
	for i := range d.entries {
		e := &d.entries[i]
		task, _ := canon.Value(all[e.taskStart:e.taskEnd]).Text()
		t.Events = append(t.Events, TraceEvent{Tick: d.Tick, Task: task, Lane: e.lane, Status: e.status,
			CostOps: e.costOps, CostEntropy: e.costEntropy, Meta: canon.Value(all[e.metaStart:e.metaEnd])})
		r := TaskResult{Name: task, Lane: e.lane, Status: e.status}
		if e.status.Attempted() {
			r.CostOps, r.CostEntropy = e.costOps, e.costEntropy
		}
		value, text := d.Outcome(i)
		r.Value = value
		r.Error, _ = text.Text()
		t.Results = append(t.Results, r)
	}
}
