package audit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// frame is a trace frame as the auditor reads it. It keeps its buffers from one frame
// to the next.
type frame struct {
	events.RunKey
	request                string
	firstTick, ticks, tick int64 // ticks is 0 in an open run
	first, total           int64
	entries                []entry
	kept                   []keptObject // objects that hold what is kept outside the frame

	around []byte // what the run had around it, canonical; nil: nothing is said

	// With one of these the run ends.
	end        bool
	abandoned  string
	difference *ownDifference

	text []byte // what the canonical bytes of the entries lie in
}

// The fields of a frame in their order. Those that are always there stand around what a
// run has kept outside of everything that is hashed.
var (
	positionFields = []string{"v", "request", "pipeline", "window", "run", "first_tick", "ticks", "tick", "first", "total"}
	outsideFields  = []string{"objects", "surroundings"}
	contentFields  = []string{"events", "results"}
	endingFields   = []string{"end", "abandoned", "difference"}
)

// read decodes a frame. The error says what is not as it must be.
func (f *frame) read(data []byte) error {
	*f = frame{entries: f.entries[:0], text: f.text[:0]}
	r := &reader{data}
	head, err := r.want(isMap)
	if err != nil {
		return err
	}
	left := head.n
	for _, fields := range [...]struct {
		names  []string
		always bool
		most   int
	}{{positionFields, true, 10}, {outsideFields, false, 2}, {contentFields, true, 2}, {endingFields, false, 1}} {
		for _, name := range fields.names {
			if !fields.always && (left == 0 || fields.most == 0 || !r.isNamed(name)) {
				continue
			}
			fields.most--
			left--
			if err := r.name(name); err != nil {
				return err
			}
			if err := f.field(r, name); err != nil {
				return fmt.Errorf("field %s: %w", name, err)
			}
		}
	}
	if left != 0 {
		return fmt.Errorf("a frame of %d fields: %d of them are not known to this auditor or are missing", head.n, left)
	}
	if len(r.rest) > 0 {
		return fmt.Errorf("%d bytes follow the end of the frame", len(r.rest))
	}
	return f.check()
}

func (f *frame) field(r *reader, name string) (err error) {
	switch name {
	case "v":
		v, err := r.natural()
		if err == nil && v != events.FrameVersion {
			err = fmt.Errorf("frame version %d, this auditor knows %d", v, events.FrameVersion)
		}
		return err
	case "request":
		if f.request, err = r.text(); err == nil && !isHash(f.request) {
			err = fmt.Errorf("%.80q is not a SHA-256 in lower-case hex", f.request)
		}
	case "pipeline":
		if f.Pipeline, err = r.text(); err == nil {
			err = events.CheckPipelineName(f.Pipeline)
		}
	case "window":
		n, err := r.natural()
		f.Window = uint64(n)
		return err
	case "run":
		n, err := r.natural()
		if err == nil && n >= events.MaxRuns {
			err = fmt.Errorf("run %d is out of range", n)
		}
		f.Run = int(n)
		return err
	case "objects":
		f.kept, err = readKept(r)
	case "surroundings":
		text, err := r.appendValue(nil, 0)
		if err == nil && text[0] != '{' {
			err = fmt.Errorf("%.80s, want a map", text)
		}
		f.around = text
		return err
	case "events":
		return f.readEvents(r)
	case "results":
		return f.readResults(r)
	case "end":
		it, err := r.want(isBool)
		if err == nil && it.n != 1 {
			err = errors.New("false, which is said by leaving it out")
		}
		f.end = true
		return err
	case "abandoned":
		if f.abandoned, err = r.text(); err == nil && f.abandoned == "" {
			err = errors.New("no reason")
		}
	case "difference":
		f.difference, err = readDifference(r, f.firstTick, f.tick)
	default:
		*f.number(name), err = r.natural()
	}
	return err
}

func (f *frame) number(name string) *int64 {
	switch name {
	case "first_tick":
		return &f.firstTick
	case "ticks":
		return &f.ticks
	case "tick":
		return &f.tick
	case "first":
		return &f.first
	case "total":
		return &f.total
	}
	panic("audit: a frame has no number " + name)
}

// check makes sure that the fields can be true together.
func (f *frame) check() error {
	n := int64(len(f.entries))
	cut := f.abandoned != "" || f.difference != nil
	switch {
	case f.first > math.MaxInt32 || f.total > math.MaxInt32:
		return fmt.Errorf("the total of %d events is out of range", f.total)
	case f.firstTick > math.MaxInt64-f.ticks || f.tick < f.firstTick || f.ticks > 0 && f.tick >= f.firstTick+f.ticks:
		return fmt.Errorf("tick %d is out of range in a run of %d ticks from tick %d", f.tick, f.ticks, f.firstTick)
	case f.first > f.total || n > f.total-f.first:
		return fmt.Errorf("%d events from event %d of %d", n, f.first, f.total)
	case cut && n > 0:
		return errors.New("events in a frame with which its run ends early")
	case !cut && n == 0 && f.total > 0:
		return fmt.Errorf("no events in a frame of a tick of %d", f.total)
	case f.end && (f.ticks > 0 || f.first+n < f.total):
		return errors.New("the end of a run that ends by itself, or within a tick")
	}
	return nil
}

func wantFields(r *reader, n int64) error {
	head, err := r.want(isMap)
	if err == nil && head.n != n {
		err = fmt.Errorf("%d fields where %d belong", head.n, n)
	}
	return err
}

// readTrees reads the events of a good frame and their results as trees.
func readTrees(data []byte) (tick int64, list []pair, err error) {
	var f frame
	if err := f.read(data); err != nil {
		return 0, nil, err
	}
	r := &reader{data}
	head, err := r.want(isMap)
	fields := map[string]any{}
	for i := int64(0); i < head.n && err == nil; i++ {
		var name item
		name, err = r.next()
		switch {
		case err != nil:
		case slices.Contains(contentFields, string(name.text)):
			// The lists are two levels above the values whose depth is bounded.
			fields[string(name.text)], err = r.tree(-2)
		default:
			err = r.skip()
		}
	}
	if err != nil {
		return 0, nil, err
	}
	events, results := fields["events"].([]any), fields["results"].([]any)
	for i := range events {
		list = append(list, pair{events[i].(map[string]any), results[i].(map[string]any)})
	}
	return f.tick, list, nil
}
