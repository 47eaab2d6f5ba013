package events

import (
	"errors"
	"fmt"
	"math"

	"github.com/tinylib/msgp/msgp"

	"abraxas.dev/ers/pkg/canon"
)

// The frames that are not a tick's alone: those by which a run ends, and what may stand
// in a frame beside its events.

// Extra is what a frame may hold beside events and results, outside of everything that
// is hashed.
type Extra struct {
	Objects      []Object    // contents kept in ERS_OBJECTS
	Surroundings canon.Value // an object: what the run had around it; "": nothing is said
}

// IsZero tells whether there is nothing to add.
func (x *Extra) IsZero() bool { return len(x.Objects) == 0 && x.Surroundings == "" }

// Size is about how many bytes it adds to a frame, and never less.
func (x *Extra) Size() int {
	size := 2 * len(x.Surroundings)
	for i := range x.Objects {
		size += 256 + len(x.Objects[i].Task) + len(x.Objects[i].Name)
	}
	return size
}

// Add returns a frame of [FrameEncoder.Encode] with more in it; end tells that an open
// run ends with it.
func (x *Extra) Add(frame []byte, p *Position, end bool) ([]byte, error) {
	head := len(appendPosition(msgp.AppendMapHeader(nil, uint32(frameFields)), p))
	if head >= len(frame) {
		return nil, errors.New("extra: the position is not the frame's")
	}
	n := frameFields
	var middle []byte
	var err error
	if len(x.Objects) > 0 {
		n++
		if middle, err = appendObjects(middle, x.Objects); err != nil {
			return nil, err
		}
	}
	if x.Surroundings != "" {
		n++
		if x.Surroundings.Kind() != canon.Object {
			return nil, fmt.Errorf("surroundings: %w", mismatch("an object", x.Surroundings))
		}
		if middle, err = appendMsgpack(msgp.AppendString(middle, "surroundings"), x.Surroundings); err != nil {
			return nil, fmt.Errorf("surroundings: %w", err)
		}
	}
	var tail []byte
	if end {
		n++
		tail = msgp.AppendBool(msgp.AppendString(nil, "end"), true)
	}
	dst := appendPosition(msgp.AppendMapHeader(nil, uint32(n)), p)
	return append(append(append(dst, middle...), frame[head:]...), tail...), nil
}

func appendObjects(dst []byte, objects []Object) ([]byte, error) {
	dst = msgp.AppendArrayHeader(msgp.AppendString(dst, "objects"), uint32(len(objects)))
	for i := range objects {
		o := &objects[i]
		if err := o.check(); err != nil {
			return nil, err
		}
		dst = msgp.AppendMapHeader(dst, uint32(len(objectFields)))
		dst = msgp.AppendString(msgp.AppendString(dst, "task"), o.Task)
		dst = msgp.AppendString(msgp.AppendString(dst, "name"), o.Name)
		dst = msgp.AppendString(msgp.AppendString(dst, "sha256"), o.SHA256)
		dst = msgp.AppendInt64(msgp.AppendString(dst, "size"), o.Size)
	}
	return dst, nil
}

// AppendAbandoned appends the frame by which the coordinator gives up a run at p.
func AppendAbandoned(dst []byte, p Position, reason string) ([]byte, error) {
	dst, err := appendEmpty(dst, &p)
	if err != nil {
		return dst, err
	}
	return msgp.AppendString(msgp.AppendString(dst, "abandoned"), reason), nil
}

// AppendDifference appends the frame with which a run ends at p because of d, which was
// found in this tick or one before it.
func AppendDifference(dst []byte, p Position, d *Difference) ([]byte, error) {
	if err := d.checkIn(&p); err != nil {
		return dst, err
	}
	dst, err := appendEmpty(dst, &p)
	if err != nil {
		return dst, err
	}
	dst = msgp.AppendMapHeader(msgp.AppendString(dst, "difference"), 7)
	dst = msgp.AppendString(msgp.AppendString(dst, "kind"), string(d.Kind))
	dst = msgp.AppendInt64(msgp.AppendString(dst, "tick"), d.Tick)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "event_index"), int64(d.EventIndex))
	dst = msgp.AppendString(msgp.AppendString(dst, "task"), d.Task)
	dst = msgp.AppendString(msgp.AppendString(dst, "pointer"), d.Pointer)
	if dst, err = appendMsgpack(msgp.AppendString(dst, "expected"), d.Expected); err != nil {
		return dst, fmt.Errorf("expected: %w", err)
	}
	if dst, err = appendMsgpack(msgp.AppendString(dst, "found"), d.Found); err != nil {
		return dst, fmt.Errorf("found: %w", err)
	}
	return dst, nil
}

// appendEmpty appends a frame without events that has one more field to come.
func appendEmpty(dst []byte, p *Position) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	dst = appendPosition(msgp.AppendMapHeader(dst, uint32(frameFields+1)), p)
	dst = msgp.AppendArrayHeader(msgp.AppendString(dst, "events"), 0)
	return msgp.AppendArrayHeader(msgp.AppendString(dst, "results"), 0), nil
}

// readExtra reads what stands between the position and the events, n fields at most,
// and returns how many there were.
func (d *FrameDecoder) readExtra(n int) (int, error) {
	found := 0
	if found < n && d.c.nextIs("objects") {
		found++
		if err := d.readObjects(); err != nil {
			return found, err
		}
	}
	if found < n && d.c.nextIs("surroundings") {
		found++
		if err := d.readSurroundings(); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (d *FrameDecoder) readObjects() error {
	c := &d.c
	if err := c.key("objects"); err != nil {
		return err
	}
	n, err := c.arrayHeader()
	if err != nil {
		return err
	}
	if n == 0 {
		return c.failf("no objects: leave the field out")
	}
	for i := range n {
		c.push("", i)
		o, err := d.readObject()
		if err != nil {
			return err
		}
		d.Objects = append(d.Objects, o)
		c.pop()
	}
	c.pop()
	return nil
}

func (d *FrameDecoder) readObject() (o Object, err error) {
	c := &d.c
	n, err := c.mapHeader()
	if err != nil {
		return o, err
	}
	if n != len(objectFields) {
		return o, c.failf("an object has %d fields, this one %d", len(objectFields), n)
	}
	for i, to := range []*string{&o.Task, &o.Name, &o.SHA256} {
		if *to, err = c.textField(objectFields[i]); err != nil {
			return o, err
		}
	}
	if err := c.key("size"); err != nil {
		return o, err
	}
	if o.Size, err = c.count(1 << 62); err != nil {
		return o, err
	}
	c.pop()
	if err := o.check(); err != nil {
		return o, c.fail(err)
	}
	return o, nil
}

func (d *FrameDecoder) readSurroundings() error {
	v, err := d.c.valueField("surroundings")
	if err == nil && v.Kind() != canon.Object {
		err = d.c.failf("surroundings: want a map, found %s", v.Kind())
	}
	d.Surroundings = v
	return err
}

// readEnding reads the field with which a run ends.
func (d *FrameDecoder) readEnding() error {
	c := &d.c
	switch {
	case c.nextIs("end"):
		return d.readEnd()
	case c.nextIs("difference"):
		return d.readDifference()
	}
	reason, err := c.textField("abandoned")
	if err != nil {
		return err
	}
	if reason == "" || len(d.entries) > 0 {
		return c.failf("an abandoned run says why and has no events in this frame")
	}
	d.Abandoned = reason
	return nil
}

func (d *FrameDecoder) readEnd() error {
	v, err := d.c.valueField("end")
	switch {
	case err != nil:
		return err
	case v != "true":
		return d.c.failf("end: %s: leave it out, or say true", v)
	case d.Ticks != 0:
		return d.c.failf("end: in a run of %d ticks, which ends by itself", d.Ticks)
	case !d.Last():
		return d.c.failf("end: within a tick")
	}
	d.End = true
	return nil
}

func (d *FrameDecoder) readDifference() error {
	c := &d.c
	if err := c.key("difference"); err != nil {
		return err
	}
	n, err := c.mapHeader()
	if err != nil {
		return err
	}
	if n != 7 || len(d.entries) > 0 {
		return c.failf("a difference has 7 fields, this one %d, and no events in its frame", n)
	}
	var x Difference
	kind, err := c.textField("kind")
	if err != nil {
		return err
	}
	x.Kind = DivergenceKind(kind)
	if x.Tick, err = c.countField("tick", math.MaxInt64); err != nil {
		return err
	}
	index, err := c.countField("event_index", math.MaxInt32)
	if err != nil {
		return err
	}
	x.EventIndex = int(index)
	if x.Task, err = c.textField("task"); err != nil {
		return err
	}
	if x.Pointer, err = c.textField("pointer"); err != nil {
		return err
	}
	if x.Expected, err = c.valueField("expected"); err != nil {
		return err
	}
	if x.Found, err = c.valueField("found"); err != nil {
		return err
	}
	if err := x.checkIn(&d.Position); err != nil {
		return c.fail(err)
	}
	c.pop()
	d.Difference = &x
	return nil
}
