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

// entry is an event and its result.
type entry struct {
	event, result []byte // canonical

	task         []byte
	lane, status string
	ops, entropy int64
	meta         []byte // canonical
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

// readKept reads what a frame says of contents that are kept outside it.
func readKept(r *reader) (objects []keptObject, err error) {
	list, err := r.want(isArray)
	if err == nil && list.n == 0 {
		return nil, errors.New("none, which is said by leaving it out")
	}
	for i := int64(0); i < list.n && err == nil; i++ {
		var o keptObject
		if o, err = readKeptOne(r); err != nil {
			err = fmt.Errorf("%d: %w", i, err)
		}
		objects = append(objects, o)
	}
	return objects, err
}

func readKeptOne(r *reader) (o keptObject, err error) {
	if err := wantFields(r, 4); err != nil {
		return o, err
	}
	for _, field := range []struct {
		name string
		to   *string
	}{{"task", &o.task}, {"name", &o.name}, {"sha256", &o.sha}} {
		if err := r.name(field.name); err != nil {
			return o, err
		}
		*field.to, err = r.text()
		if err == nil && (*field.to == "" || field.name == "sha256" && !isHash(o.sha)) {
			err = fmt.Errorf("%s is %.80q", field.name, *field.to)
		}
		if err != nil {
			return o, err
		}
	}
	if err := r.name("size"); err != nil {
		return o, err
	}
	size, err := r.natural()
	if err == nil && size > 1<<62 {
		err = fmt.Errorf("size is %d", size)
	}
	return o, err
}

// readDifference reads the difference with which a run ends.
func readDifference(r *reader, first, last int64) (*ownDifference, error) {
	d := new(ownDifference)
	if err := wantFields(r, 7); err != nil {
		return nil, err
	}
	var err error
	for _, name := range []string{"kind", "tick", "event_index", "task", "pointer", "expected", "found"} {
		if err := r.name(name); err != nil {
			return nil, err
		}
		switch name {
		case "kind":
			d.Kind, err = r.text()
		case "tick":
			if d.Tick, err = r.natural(); err == nil && (d.Tick < first || d.Tick > last) {
				err = fmt.Errorf("%d, and the run has got from tick %d to tick %d", d.Tick, first, last)
			}
		case "event_index":
			var n int64
			if n, err = r.natural(); err == nil && n > math.MaxInt32 {
				err = fmt.Errorf("event %d", n)
			}
			d.EventIndex = int(n)
		case "task":
			d.Task, err = r.text()
		case "pointer":
			d.Pointer, err = r.text()
		case "expected":
			d.Expected, err = r.tree(0)
		case "found":
			d.Found, err = r.tree(0)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, d.check()
}

// check tells why a difference cannot be one.
func (d *ownDifference) check() error {
	expected, found := canonical(d.Expected), canonical(d.Found)
	switch {
	case !slices.Contains([]string{"restart", "effect"}, d.Kind):
		return fmt.Errorf("unknown kind %.40q", d.Kind)
	case d.Task == "" || len(d.Task) > maxDescription || len(d.Pointer) > maxPointer:
		return errors.New("it names no task, or one or a pointer that is too long")
	case max(len(expected), len(found)) > maxOwnDifference:
		return fmt.Errorf("a side takes more than %d bytes", maxOwnDifference)
	case expected == found:
		return errors.New("both sides are equal")
	}
	return nil
}

// Bounds of what a difference may hold, in bytes.
const (
	maxDescription   = 8 << 10
	maxOwnDifference = 256 << 10
)

// readEvents reads the events. Names ascend in a map, so that the order of the fields
// is the canonical one.
func (f *frame) readEvents(r *reader) error {
	list, err := r.want(isArray)
	for i := int64(0); i < list.n && err == nil; i++ {
		var e entry
		if err = f.readEvent(r, &e); err != nil {
			err = fmt.Errorf("event %d: %w", i, err)
		}
		f.entries = append(f.entries, e)
	}
	return err
}

func (f *frame) readEvent(r *reader, e *entry) (err error) {
	if err := wantFields(r, 7); err != nil {
		return err
	}
	start := len(f.text)
	t := append(f.text, `{"cost_entropy":`...)
	if t, e.entropy, err = appendNatural(t, r, "cost_entropy"); err != nil {
		return err
	}
	t = append(t, `,"cost_ops":`...)
	if t, e.ops, err = appendNatural(t, r, "cost_ops"); err != nil {
		return err
	}
	t = append(t, `,"lane":`...)
	if t, e.lane, err = appendOneOf(t, r, "lane", "forecast", "shadow"); err != nil {
		return err
	}
	t = append(t, `,"meta":`...)
	meta := len(t)
	if err = r.name("meta"); err == nil {
		t, err = r.appendValue(t, 0)
	}
	if err == nil && t[meta] != '{' {
		err = fmt.Errorf("meta is %.80s, want a map", t[meta:])
	}
	if err != nil {
		return err
	}
	e.meta = t[meta:]
	t = append(t, `,"status":`...)
	if t, e.status, err = appendOneOf(t, r, "status", statuses...); err != nil {
		return err
	}
	t = append(t, `,"task":`...)
	if t, e.task, err = appendText(t, r, "task"); err != nil {
		return err
	}
	t = append(t, `,"tick":`...)
	var tick int64
	if t, tick, err = appendNatural(t, r, "tick"); err != nil {
		return err
	}
	if tick != f.tick {
		return fmt.Errorf("tick is %d in a frame of tick %d", tick, f.tick)
	}
	f.text = append(t, '}')
	e.event = f.text[start:]
	return nil
}

var statuses = []string{"ok", "skipped_budget", "error", "not_computable"}

// readResults reads the results, of which there must be as many as events.
func (f *frame) readResults(r *reader) error {
	list, err := r.want(isArray)
	if err == nil && list.n != int64(len(f.entries)) {
		err = fmt.Errorf("%d events and %d results", len(f.entries), list.n)
	}
	if err != nil {
		return err
	}
	for i := range f.entries {
		if err := f.readResult(r, &f.entries[i]); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}

func (f *frame) readResult(r *reader, e *entry) (err error) {
	if err := wantFields(r, 4); err != nil {
		return err
	}
	start := len(f.text)
	t := append(f.text, `{"error":`...)
	if err := r.name("error"); err != nil {
		return err
	}
	failure, err := r.next()
	if err != nil {
		return err
	}
	failed := e.status == "error" || e.status == "not_computable"
	if !(failure.is == isNull && !failed || failure.is == isString && (failed || len(failure.text) > 0)) {
		return fmt.Errorf("a task that is %s has for its error %s %.80q", e.status, failure.is, failure.text)
	}
	t = append(failure.appendScalar(t), `,"status":`...)
	t, status, err := appendText(t, r, "status")
	if err != nil {
		return err
	}
	t = append(t, `,"task":`...)
	t, task, err := appendText(t, r, "task")
	if err != nil {
		return err
	}
	if string(status) != e.status || string(task) != string(e.task) {
		return fmt.Errorf("task %.80q (%s) beside the result of %.80q (%.20s)", e.task, e.status, task, status)
	}
	t = append(t, `,"value":`...)
	if err = r.name("value"); err == nil {
		t, err = r.appendValue(t, 0)
	}
	f.text = append(t, '}')
	e.result = f.text[start:]
	return err
}

func wantFields(r *reader, n int64) error {
	head, err := r.want(isMap)
	if err == nil && head.n != n {
		err = fmt.Errorf("%d fields where %d belong", head.n, n)
	}
	return err
}

// appendNatural reads a named integer that is not negative, and appends it.
func appendNatural(dst []byte, r *reader, name string) ([]byte, int64, error) {
	if err := r.name(name); err != nil {
		return dst, 0, err
	}
	n, err := r.natural()
	if err != nil {
		return dst, 0, fmt.Errorf("%s: %w", name, err)
	}
	return item{is: isInteger, n: n}.appendScalar(dst), n, nil
}

func appendText(dst []byte, r *reader, name string) ([]byte, []byte, error) {
	if err := r.name(name); err != nil {
		return dst, nil, err
	}
	it, err := r.want(isString)
	if err != nil {
		return dst, nil, fmt.Errorf("%s: %w", name, err)
	}
	return appendString(dst, it.text), it.text, nil
}

// appendOneOf reads a named string that must be one of some.
func appendOneOf(dst []byte, r *reader, name string, allowed ...string) ([]byte, string, error) {
	dst, text, err := appendText(dst, r, name)
	if err != nil {
		return dst, "", err
	}
	i := slices.IndexFunc(allowed, func(s string) bool { return s == string(text) })
	if i < 0 {
		return dst, "", fmt.Errorf("unknown %s %.40q", name, text)
	}
	return dst, allowed[i], nil
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
