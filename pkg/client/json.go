package client

import (
	"strconv"

	"abraxas.dev/ers/pkg/events"
)

// AppendEvent appends the i-th event of a frame as a JSON object: pipeline, window,
// request (its SHA-256), run, index in the tick, and seq, the ERS_TRACE sequence of the frame; the seven fields
// of the TraceEvent; with results also value and error of what the task returned.
// What is in the frame is in canonical form, NaN and the infinities among it.
func AppendEvent(dst []byte, d *events.FrameDecoder, i int, seq uint64, results bool) []byte {
	dst = append(append(dst, `{"pipeline":"`...), d.Pipeline...)
	dst = strconv.AppendUint(append(dst, `","window":`...), d.Window, 10)
	dst = append(append(append(dst, `,"request":"`...), d.Request...), '"')
	dst = strconv.AppendInt(append(dst, `,"run":`...), int64(d.Run), 10)
	dst = strconv.AppendInt(append(dst, `,"index":`...), int64(d.First+i), 10)
	dst = strconv.AppendUint(append(dst, `,"seq":`...), seq, 10)
	dst = append(append(dst, ','), d.Event(i)[1:]...)
	if results {
		v, e := d.Outcome(i)
		dst = append(append(dst[:len(dst)-1], `,"value":`...), v...)
		dst = append(append(append(dst, `,"error":`...), e...), '}')
	}
	return dst
}
