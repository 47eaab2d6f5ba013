package events

import (
	"fmt"
	"slices"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
)

// AppendEvent appends the canonical bytes of an event: an object of its seven
// fields, as they stand in the list that a trace hash covers.
func AppendEvent(dst []byte, e *TraceEvent) ([]byte, error) {
	dst = append(dst, `{"cost_entropy":`...)
	dst = strconv.AppendInt(dst, e.CostEntropy, 10)
	dst = append(dst, `,"cost_ops":`...)
	dst = strconv.AppendInt(dst, e.CostOps, 10)
	dst = append(dst, `,"lane":"`...)
	dst = append(dst, e.Lane.String()...)
	dst = append(dst, `","meta":`...)
	dst = append(dst, e.Meta...)
	dst = append(dst, `,"status":"`...)
	dst = append(dst, e.Status.String()...)
	dst = append(dst, `","task":`...)
	dst, err := canon.AppendString(dst, e.Task)
	if err != nil {
		return dst, fmt.Errorf("task name: %w", err)
	}
	dst = append(dst, `,"tick":`...)
	dst = strconv.AppendInt(dst, e.Tick, 10)
	return append(dst, '}'), nil
}

// AppendResult appends the canonical bytes of a result as a result hash covers
// them: {"error":…,"status":…,"task":…,"value":…}. error is null when there is none.
func AppendResult(dst []byte, r *TaskResult) ([]byte, error) {
	dst = append(dst, `{"error":`...)
	var err error
	if r.hasError() {
		if dst, err = canon.AppendString(dst, r.Error); err != nil {
			return dst, fmt.Errorf("error text of task %q: %w", r.Name, err)
		}
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"status":"`...)
	dst = append(dst, r.Status.String()...)
	dst = append(dst, `","task":`...)
	if dst, err = canon.AppendString(dst, r.Name); err != nil {
		return dst, fmt.Errorf("task name: %w", err)
	}
	dst = append(dst, `,"value":`...)
	dst = append(dst, r.Value...)
	return append(dst, '}'), nil
}

// appendCovers appends what digests are full of, as appendStruct would.
func appendCovers(dst []byte, covers []TickDigest) []byte {
	const each = 450 // bytes, about
	dst = append(slices.Grow(dst, each*len(covers)), '[')
	for i := range covers {
		t := &covers[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"events":`...), int64(t.Events), 10)
		dst = strconv.AppendUint(append(dst, `,"first_seq":`...), t.FirstSeq, 10)
		dst = append(append(dst, `,"forecast_result_sha256":"`...), t.ForecastResult...) // hex needs no escapes
		dst = append(append(dst, `","forecast_sha256":"`...), t.Forecast...)
		dst = strconv.AppendUint(append(dst, `","last_seq":`...), t.LastSeq, 10)
		dst = append(append(append(dst, `,"result_sha256":"`...), t.Result...), '"')
		if t.Resumed {
			dst = append(dst, `,"resumed":true`...)
		}
		dst = strconv.AppendInt(append(dst, `,"tick":`...), t.Tick, 10)
		dst = append(append(append(dst, `,"trace_sha256":"`...), t.Trace...), `"}`...)
	}
	return append(dst, ']')
}

// hasError tells whether the result's error is a text and not null. A task that
// failed has one, even if it is empty.
func (r *TaskResult) hasError() bool { return r.Error != "" || r.Status.Failed() }

// check makes the checks of an event that its types do not.
func (e *TraceEvent) check() error {
	switch {
	case e.Tick < 0:
		return fmt.Errorf("/tick: %d is negative", e.Tick)
	case e.CostOps < 0:
		return fmt.Errorf("/cost_ops: %d is negative", e.CostOps)
	case e.CostEntropy < 0:
		return fmt.Errorf("/cost_entropy: %d is negative", e.CostEntropy)
	case e.Meta.Kind() != canon.Object:
		return under("meta", mismatch("an object", e.Meta))
	}
	return nil
}

func (*TraceEvent) schema() string { return "" }
