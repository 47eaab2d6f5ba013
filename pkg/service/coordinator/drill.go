package coordinator

import (
	"fmt"
	"slices"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// falsify changes the one event that the window's drill names, if it is in this
// tick of this run: one field of it, so that the verdict must name the drill's kind.
// Nothing that later ticks see is changed.
func (w *window) falsify(run int, t *events.Tick) error {
	drill := w.request.Drill
	if drill == nil || drill.Run != run || drill.Tick != t.Tick {
		return nil
	}
	i := slices.IndexFunc(t.Events, func(e events.TraceEvent) bool { return e.Task == drill.Task })
	if i < 0 {
		return fmt.Errorf("drill: the pipeline has no task %q", drill.Task)
	}
	// The scheduler keeps a view of the results for the next tick.
	t.Events, t.Results = slices.Clone(t.Events), slices.Clone(t.Results)
	e, r := &t.Events[i], &t.Results[i]
	switch drill.Kind {
	case "value":
		r.Value = alter(r.Value, falseScalar)
	case "type":
		r.Value = alter(r.Value, otherType)
	case "error":
		r.Error += "falsified by a drill"
	case "status":
		status := events.OK
		if e.Status == events.OK {
			status = events.NotComputable
		}
		e.Status, r.Status = status, status
	case "cost":
		e.CostOps++
	case "meta":
		e.Meta = alter(e.Meta, falseScalar)
	case "missing":
		t.Events, t.Results = slices.Delete(t.Events, i, i+1), slices.Delete(t.Results, i, i+1)
	case "extra":
		t.Events, t.Results = slices.Insert(t.Events, i, *e), slices.Insert(t.Results, i, *r)
	case "order":
		if len(t.Events) < 2 {
			return fmt.Errorf("drill: tick %d has one event alone, which has no order", t.Tick)
		}
		other := i + 1
		if other == len(t.Events) {
			other = i - 1
		}
		t.Events[i], t.Events[other] = t.Events[other], t.Events[i]
		t.Results[i], t.Results[other] = t.Results[other], t.Results[i]
	default:
		return fmt.Errorf("drill: unknown kind %q", drill.Kind)
	}
	return nil
}

// alter changes the first scalar in a value, or fills the first empty container.
func alter(v canon.Value, change func(canon.Value) canon.Value) canon.Value {
	switch v.Kind() {
	case canon.Array:
		for first := range v.Elements() {
			return "[" + alter(first, change) + v[1+len(first):]
		}
		return change(v)
	case canon.Object:
		for _, first := range v.Members() {
			// The first member's value lies behind its name, up to its own length.
			start := len(v) - len(afterFirstName(v))
			return v[:start] + alter(first, change) + v[start+len(first):]
		}
		return change(v)
	}
	return change(v)
}

// afterFirstName cuts `{"name":` off an object that has members.
func afterFirstName(v canon.Value) canon.Value {
	for i := 2; ; i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return v[i+2:]
		}
	}
}

// falseScalar is another value of the same type, where the type has one.
func falseScalar(v canon.Value) canon.Value {
	switch v.Kind() {
	case canon.Bool:
		if v == "true" {
			return "false"
		}
		return "true"
	case canon.Int:
		if n, ok := v.Int(); ok && n < 1<<62 {
			return canon.Value(strconv.FormatInt(n+1, 10))
		}
		return "0"
	case canon.Float:
		if f, err := strconv.ParseFloat(string(v), 64); err == nil && -1e15 < f && f < 1e15 {
			return canon.Value(canon.AppendFloat(nil, f+1))
		}
		return "0.5"
	case canon.String:
		return v[:len(v)-1] + `?"`
	case canon.Array:
		return `["falsified"]`
	case canon.Object:
		return `{"falsified":true}`
	}
	return `"falsified"` // null has no other value
}

// otherType is a value of another type, as near as can be.
func otherType(v canon.Value) canon.Value {
	switch v.Kind() {
	case canon.Int:
		return v + ".0"
	case canon.Bool:
		return "1"
	case canon.KindNull:
		return "false"
	}
	return canon.Null
}
