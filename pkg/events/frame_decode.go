package events

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"abraxas.dev/ers/pkg/canon"
)

// FrameDecoder decodes frames straight into canonical bytes: what a hash covers is
// made here, by the reader, from the fields. It keeps its buffers from one frame to
// the next and is not safe for concurrent use. The zero value is ready. What its
// methods return is valid until the next call of Decode.
type FrameDecoder struct {
	Position
	Extra
	End        bool        // an open run ends with this frame
	Abandoned  string      // not empty: the coordinator gave the run up here, and why
	Difference *Difference // not nil: the run ends here, with a difference

	c       cursor
	tail    bool   // a field follows the results
	body    []byte // of the message: events, results and what follows
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
	d.Extra, d.End, d.Difference = Extra{}, false, nil
	err := d.header()
	if err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	d.body = d.c.rest
	return nil
}

func (d *FrameDecoder) header() (err error) {
	fields, err := d.c.mapHeader()
	if err != nil {
		return err
	}
	if err := d.version(); err != nil {
		return err
	}
	more := fields - frameFields
	if more < 0 || more > 3 {
		return d.c.failf("a frame has %d to %d fields, this one %d", frameFields, frameFields+3, fields)
	}
	if err := d.position(); err != nil {
		return err
	}
	extra, err := d.readExtra(more)
	if err == nil && more-extra > 1 {
		err = d.c.failf("a frame with %d fields that are not known here", more-extra)
	}
	d.tail = more > extra
	return err
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
	if d.tail {
		if err := d.readEnding(); err != nil || !d.End {
			return err
		}
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
	// Frames come in rows of one window: what is as before is not copied.
	for i, to := range [...]*string{&d.Request, &d.Pipeline} {
		if err := c.key(positionFields[1+i]); err != nil {
			return err
		}
		text, err := c.string()
		if err != nil {
			return err
		}
		if text != *to {
			*to = string([]byte(text))
		}
		c.pop()
	}
	var numbers [7]int64
	for i, name := range positionFields[3:] {
		if err := c.key(name); err != nil {
			return err
		}
		most := int64(math.MaxInt64)
		if name == "run" || name == "first" || name == "total" {
			most = math.MaxInt32
		}
		n, err := c.count(most)
		if err != nil {
			return err
		}
		numbers[i] = n
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

// hasShadow tells whether the frame has an event that is not of the forecast lane.
func (d *FrameDecoder) hasShadow() bool {
	return slices.ContainsFunc(d.entries, func(e entry) bool { return e.lane != Forecast })
}

// span is a row of events of the frame with their results, joined by commas.
type span struct {
	events, results []byte
	n               int
}

// forecastSpans yields what the forecast lane did: one span, unless the lanes are mixed
// up.
func (d *FrameDecoder) forecastSpans() iter.Seq[span] {
	return func(yield func(span) bool) {
		for i := 0; i < len(d.entries); i++ {
			first := i
			for i < len(d.entries) && d.entries[i].lane == Forecast {
				i++
			}
			if i == first {
				continue
			}
			event, result := 0, 0
			if first > 0 {
				event, result = d.entries[first-1].eventEnd+1, d.entries[first-1].resultEnd+1
			}
			last := &d.entries[i-1]
			if !yield(span{d.events[event:last.eventEnd], d.results[result:last.resultEnd], i - first}) {
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
