package worker

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The messages of both sides as canonical JSON, each with its \n. On error dst is
// returned as it was.

// AppendHello appends ERS's hello.
func AppendHello(dst []byte, l Limits) []byte {
	dst = strconv.AppendInt(append(dst, `{"limits":{"error":`...), int64(l.Error), 10)
	dst = strconv.AppendInt(append(dst, `,"message":`...), int64(l.Message), 10)
	dst = strconv.AppendInt(append(dst, `,"value":`...), int64(l.Value), 10)
	return append(dst, `},"protocol":"`+Protocol+`","type":"hello"}`+"\n"...)
}

// AppendTick appends the message of a tick. It does not look at the values: those that a
// worker does not take are found by [Foreign]. The caller compares the length with
// [Limits.Message].
func AppendTick(dst []byte, t *Tick) ([]byte, error) {
	if t.Context.Kind() != canon.Object {
		return dst, fmt.Errorf("context of tick %d: want an object, found %s", t.Tick, t.Context.Kind())
	}
	if t.Tick < 0 || t.Tick > maxInteger {
		return dst, fmt.Errorf("tick %d: a worker takes ticks from 0 to %d", t.Tick, int64(maxInteger))
	}
	out := append(append(dst, `{"context":`...), t.Context...)
	out = append(out, `,"results":[`...)
	var err error
	for i := range t.Results {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendTold(out, &t.Results[i]); err != nil {
			return dst, err
		}
	}
	out = append(out, `],"tasks":[`...)
	for i, name := range t.Tasks {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = canon.AppendString(out, name); err != nil {
			return dst, fmt.Errorf("name of a task: %w", err)
		}
	}
	out = strconv.AppendInt(append(out, `],"tick":`...), t.Tick, 10)
	return append(out, `,"type":"tick"}`+"\n"...), nil
}

// appendTold appends a result as a worker is told it.
func appendTold(dst []byte, r *events.TaskResult) ([]byte, error) {
	if r.Value == "" {
		return dst, fmt.Errorf("the result of task %q has no value: want at least null", r.Name)
	}
	dst, err := canon.AppendString(append(dst, `{"error":`...), r.Error)
	if err != nil {
		return dst, fmt.Errorf("error text of task %q: %w", r.Name, err)
	}
	dst = append(append(dst, `,"lane":"`...), r.Lane.String()...)
	dst = append(append(dst, `","status":"`...), r.Status.String()...)
	if dst, err = canon.AppendString(append(dst, `","task":`...), r.Name); err != nil {
		return dst, fmt.Errorf("name of a task: %w", err)
	}
	dst = append(append(dst, `,"value":`...), r.Value...)
	return append(dst, '}'), nil
}

// AppendContent appends ERS's answer to a content request: the bytes of the content
// from offset on, and its size as a whole.
func AppendContent(dst []byte, sha256 string, offset, size int64, data []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, `{"base64":"`...), data)
	dst = strconv.AppendInt(append(dst, `","offset":`...), offset, 10)
	dst = append(append(dst, `,"sha256":"`...), sha256...)
	dst = strconv.AppendInt(append(dst, `","size":`...), size, 10)
	return append(dst, `,"type":"content"}`+"\n"...)
}

// AppendWorkerHello appends a worker's hello. What is 0 or empty is left out.
func AppendWorkerHello(dst []byte, h *Hello) ([]byte, error) {
	m := map[string]any{"protocol": Protocol, "type": "hello"}
	if len(h.About) > 0 {
		m["about"] = h.About
	}
	var numbers []string
	if h.NaN {
		numbers = append(numbers, "nan")
	}
	if h.BigInt {
		numbers = append(numbers, "bigint")
	}
	if numbers != nil {
		m["numbers"] = numbers
	}
	tasks := make([]any, len(h.Tasks))
	for i, t := range h.Tasks {
		tasks[i] = t.members()
	}
	m["tasks"] = tasks
	out, err := canon.Append(dst, m)
	if err != nil {
		return dst, err
	}
	return append(out, '\n'), nil
}

func (t *Task) members() map[string]any {
	m := map[string]any{"name": t.Name, "lane": t.Lane.String()}
	if t.Priority != 0 {
		m["priority"] = t.Priority
	}
	if t.Cost != (events.Budget{}) {
		m["cost"] = map[string]any{"ops": t.Cost.Ops, "entropy": t.Cost.Entropy}
	}
	if len(t.Tags) > 0 {
		m["tags"] = t.Tags
	}
	return m
}

// AppendResult appends a worker's answer for a task.
func AppendResult(dst []byte, r *Result) ([]byte, error) {
	out := append(dst, '{')
	var err error
	if r.Status.Failed() {
		if out, err = canon.AppendString(append(out, `"error":`...), r.Error); err != nil {
			return dst, fmt.Errorf("error text of task %q: %w", r.Task, err)
		}
		out = append(out, ',')
	}
	out = append(append(out, `"status":"`...), r.Status.String()...)
	if out, err = canon.AppendString(append(out, `","task":`...), r.Task); err != nil {
		return dst, fmt.Errorf("name of a task: %w", err)
	}
	out = append(out, `,"type":"result"`...)
	if !r.Status.Failed() {
		if r.Value == "" {
			return dst, errors.New(`the value "" is not a value: null is canon.Null`)
		}
		out = append(append(out, `,"value":`...), r.Value...)
	}
	return append(out, '}', '\n'), nil
}

// AppendContentRequest appends a worker's question for content.
func AppendContentRequest(dst []byte, c *ContentRequest) []byte {
	dst = strconv.AppendInt(append(dst, `{"length":`...), c.Length, 10)
	dst = strconv.AppendInt(append(dst, `,"offset":`...), c.Offset, 10)
	dst = append(append(dst, `,"sha256":"`...), c.SHA256...)
	return append(dst, `","type":"content"}`+"\n"...)
}
