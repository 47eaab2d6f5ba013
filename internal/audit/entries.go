package audit

import (
	"fmt"
	"slices"
)

// entry is an event and its result.
type entry struct {
	event, result []byte // canonical

	task         []byte
	lane, status string
	ops, entropy int64
	meta         []byte // canonical
}

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
