package events

import (
	"reflect"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
)

// AppendJSON appends the decoded frame as one JSON object with the frame's fields in
// their order. Events and results are in canonical form.
func (d *FrameDecoder) AppendJSON(dst []byte) ([]byte, error) {
	number := func(name string, n int64) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, `{"v":`...)
	dst = strconv.AppendInt(dst, FrameVersion, 10)
	dst = append(append(dst, `,"request":"`...), d.Request...)
	dst = append(append(append(dst, `","pipeline":"`...), d.Pipeline...), '"')
	number("window", int64(d.Window))
	number("run", int64(d.Run))
	number("first_tick", d.FirstTick)
	number("ticks", d.Ticks)
	number("tick", d.Tick)
	number("first", int64(d.First))
	number("total", int64(d.Total))
	var err error
	if len(d.Objects) > 0 {
		if dst, err = appendDocument(append(dst, `,"objects":`...), reflect.ValueOf(d.Objects)); err != nil {
			return dst, err
		}
	}
	if d.Surroundings != "" {
		dst = append(append(dst, `,"surroundings":`...), d.Surroundings...)
	}
	dst = append(append(dst, `,"events":[`...), d.events...)
	dst = append(append(dst, `],"results":[`...), d.results...)
	dst = append(dst, ']')
	switch {
	case d.End:
		dst = append(dst, `,"end":true`...)
	case d.Abandoned != "":
		dst, err = canon.AppendString(append(dst, `,"abandoned":`...), d.Abandoned)
	case d.Difference != nil:
		dst, err = appendDocument(append(dst, `,"difference":`...), reflect.ValueOf(d.Difference).Elem())
	}
	return append(dst, '}'), err
}

// Outcome returns the canonical value and the canonical error of the i-th result.
func (d *FrameDecoder) Outcome(i int) (value, err canon.Value) {
	for name, member := range canon.Value(d.Result(i)).Members() {
		switch name {
		case "value":
			value = member
		case "error":
			err = member
		}
	}
	return value, err
}
