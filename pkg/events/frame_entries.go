package events

import (
	"bytes"
	"math"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
)

// What a frame is full of: the events, and the results beside them.

// readEvents reads the field "events" into canonical bytes.
func (d *FrameDecoder) readEvents() error {
	c := &d.c
	if err := c.key("events"); err != nil {
		return err
	}
	n, err := c.arrayHeader()
	if err != nil {
		return err
	}
	if n > d.Total-d.First {
		return c.failf("%d events from event %d of %d", n, d.First, d.Total)
	}
	for i := range n {
		c.push("", i)
		if err := d.event(); err != nil {
			return err
		}
		c.pop()
	}
	c.pop()
	return nil
}

// event reads one event. Its fields stand in the order of the canonical form, so
// that each is appended as it is read.
func (d *FrameDecoder) event() error {
	c := &d.c
	n, err := c.mapHeader()
	if err != nil {
		return err
	}
	if n != len(eventFields) {
		return c.failf("an event has %d fields, this one %d", len(eventFields), n)
	}
	if len(d.entries) > 0 {
		d.events = append(d.events, ',')
	}
	var e entry
	dst := d.events
	for i := range eventFields {
		field := &eventFields[i]
		if err := c.field(field); err != nil {
			return err
		}
		dst = append(dst, field.canonical...)
		start := len(dst)
		switch field.name {
		case "cost_entropy":
			dst, e.costEntropy, err = d.number(dst)
		case "cost_ops":
			dst, e.costOps, err = d.number(dst)
		case "tick":
			var tick int64
			if dst, tick, err = d.number(dst); err == nil && tick != d.Tick {
				err = c.failf("tick %d in a frame of tick %d", tick, d.Tick)
			}
		case "lane":
			dst, e.lane, err = enum(c, dst, ParseLane)
		case "status":
			dst, e.status, err = enum(c, dst, ParseStatus)
		case "meta":
			if dst, err = c.value(dst, 0); err == nil && dst[start] != '{' {
				err = c.failf("want a map, found %s", canon.Value(dst[start:]).Kind())
			}
			e.metaStart, e.metaEnd = start, len(dst)
		case "task":
			dst, err = c.text(dst)
			e.taskStart, e.taskEnd = start, len(dst)
		}
		if err != nil {
			return err
		}
		c.pop()
	}
	d.events = append(dst, '}')
	e.eventEnd = len(d.events)
	d.entries = append(d.entries, e)
	return nil
}

// number reads a field that is not negative.
func (d *FrameDecoder) number(dst []byte) ([]byte, int64, error) {
	n, err := d.c.count(math.MaxInt64)
	if err != nil {
		return dst, 0, err
	}
	return strconv.AppendInt(dst, n, 10), n, nil
}

// enum reads a name out of a fixed list and appends it as a string.
func enum[T Lane | Status](c *cursor, dst []byte, parse func(string) (T, error)) ([]byte, T, error) {
	s, err := c.string()
	if err != nil {
		return dst, 0, err
	}
	v, err := parse(s)
	if err != nil {
		return dst, 0, c.fail(err)
	}
	return append(append(append(dst, '"'), s...), '"'), v, nil
}

// readResults reads the field "results", one for each event.
func (d *FrameDecoder) readResults() error {
	c := &d.c
	if err := c.key("results"); err != nil {
		return err
	}
	n, err := c.arrayHeader()
	if err != nil {
		return err
	}
	if n != len(d.entries) {
		return c.failf("%d results for %d events", n, len(d.entries))
	}
	for i := range d.entries {
		c.push("", i)
		if err := d.result(&d.entries[i], i); err != nil {
			return err
		}
		c.pop()
	}
	c.pop()
	return nil
}

// result reads one result, which must be of the event's task and status.
func (d *FrameDecoder) result(e *entry, index int) error {
	c := &d.c
	n, err := c.mapHeader()
	if err != nil {
		return err
	}
	if n != len(resultFields) {
		return c.failf("a result has %d fields, this one %d", len(resultFields), n)
	}
	if index > 0 {
		d.results = append(d.results, ',')
	}
	dst := d.results
	for i := range resultFields {
		field := &resultFields[i]
		if err := c.field(field); err != nil {
			return err
		}
		dst = append(dst, field.canonical...)
		start := len(dst)
		switch field.name {
		case "error":
			dst, err = c.value(dst, 0)
			if err == nil {
				err = d.errorText(dst[start:], e.status)
			}
		case "status":
			var s Status
			if dst, s, err = enum(c, dst, ParseStatus); err == nil && s != e.status {
				err = c.failf("%s, but the event says %s", s, e.status)
			}
		case "task":
			dst, err = c.text(dst)
			if task := d.events[e.taskStart:e.taskEnd]; err == nil && !bytes.Equal(dst[start:], task) {
				err = c.failf("%s, but the event says %s", dst[start:], task)
			}
		case "value":
			dst, err = c.value(dst, 0)
		}
		if err != nil {
			return err
		}
		c.pop()
	}
	d.results = append(dst, '}')
	e.resultEnd = len(d.results)
	return nil
}

// errorText makes sure that an error has one spelling: null for none, else a string,
// and always a string where the task failed.
func (d *FrameDecoder) errorText(v []byte, s Status) error {
	if v[0] == 'n' && !s.Failed() || v[0] == '"' && (s.Failed() || len(v) > len(`""`)) {
		return nil
	}
	return d.c.failf("a task that is %s has %s", s, v)
}
