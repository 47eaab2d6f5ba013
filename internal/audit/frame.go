package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"

	"abraxas.dev/ers/pkg/events"
)

// frame is a trace frame as the auditor reads it.
type frame struct {
	events.RunKey
	firstTick, ticks, tick int64
	first, total           int64
	events, results        []map[string]any
	abandoned              string
}

// frameFields are the fields of a frame in their order; the last is there only in
// the frame that gives a run up.
var frameFields = []string{"v", "pipeline", "window", "run", "first_tick", "ticks", "tick", "first", "total", "events", "results", "abandoned"}

// readFrame decodes a frame. The error says what is not as it must be.
func readFrame(data []byte) (*frame, error) {
	r := bytes.NewReader(data)
	d := msgpackReader{msgpack.NewDecoder(r)}
	n, err := d.mapLen()
	if err != nil {
		return nil, err
	}
	if n != len(frameFields) && n != len(frameFields)-1 {
		return nil, fmt.Errorf("a frame has %d or %d fields, this one %d", len(frameFields)-1, len(frameFields), n)
	}
	fields := make(map[string]any)
	for _, want := range frameFields[:n] {
		name, err := d.text()
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", want, err)
		}
		if name != want {
			return nil, fmt.Errorf("field %.40q where %s belongs", name, want)
		}
		// The lists are two levels above the values whose depth is bounded.
		if fields[name], err = d.tree(-2); err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		if name == "v" && fields[name] != json.Number(strconv.Itoa(events.FrameVersion)) {
			return nil, fmt.Errorf("frame version %s, this auditor knows %d", show(fields[name]), events.FrameVersion)
		}
	}
	if r.Len() > 0 {
		return nil, fmt.Errorf("%d bytes follow the end of the frame", r.Len())
	}
	return newFrame(fields)
}

// newFrame makes sure that the fields are what they must be, and can be true
// together.
func newFrame(fields map[string]any) (*frame, error) {
	f := new(frame)
	var window, run int64
	for name, to := range map[string]*int64{"window": &window, "run": &run, "first_tick": &f.firstTick, "ticks": &f.ticks,
		"tick": &f.tick, "first": &f.first, "total": &f.total} {
		n, ok := integer(fields[name])
		if !ok || n < 0 {
			return nil, fmt.Errorf("%s is %s, want an integer that is not negative", name, show(fields[name]))
		}
		*to = n
	}
	pipeline, ok := fields["pipeline"].(string)
	if !ok {
		return nil, fmt.Errorf("pipeline is %s, want a string", show(fields["pipeline"]))
	}
	if err := events.CheckPipelineName(pipeline); err != nil {
		return nil, err
	}
	switch {
	case run >= events.MaxRuns || f.total > math.MaxInt32:
		return nil, fmt.Errorf("run %d or the total of %d events is out of range", run, f.total)
	case f.ticks < 1 || f.firstTick > math.MaxInt64-f.ticks || f.tick < f.firstTick || f.tick >= f.firstTick+f.ticks:
		return nil, fmt.Errorf("tick %d is out of range in a run of %d ticks from tick %d", f.tick, f.ticks, f.firstTick)
	}
	f.RunKey = events.RunKey{Pipeline: pipeline, Window: uint64(window), Run: int(run)}
	if why, given := fields["abandoned"]; given {
		if f.abandoned, ok = why.(string); !ok || f.abandoned == "" {
			return nil, fmt.Errorf("abandoned is %s, want a reason", show(why))
		}
	}
	return f, f.fill(fields)
}

// fill takes the events and results over.
func (f *frame) fill(fields map[string]any) error {
	listed, ok := fields["events"].([]any)
	returned, ok2 := fields["results"].([]any)
	n := int64(len(listed))
	switch {
	case !ok || !ok2:
		return errors.New("events or results is not an array")
	case len(listed) != len(returned):
		return fmt.Errorf("%d events and %d results", len(listed), len(returned))
	case f.first > f.total || n > f.total-f.first:
		return fmt.Errorf("%d events from event %d of %d", n, f.first, f.total)
	case f.abandoned != "" && n > 0:
		return errors.New("events in a frame that gives its run up")
	case f.abandoned == "" && n == 0 && f.total > 0:
		return fmt.Errorf("no events in a frame of a tick of %d", f.total)
	}
	for i := range listed {
		event, isMap := listed[i].(map[string]any)
		result, isMap2 := returned[i].(map[string]any)
		if !isMap || !isMap2 {
			return fmt.Errorf("event or result %d is not a map", i)
		}
		if err := checkPair(event, result, f.tick); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
		f.events, f.results = append(f.events, event), append(f.results, result)
	}
	return nil
}

// checkPair checks an event of a tick and its result.
func checkPair(event, result map[string]any, tick int64) error {
	if err := exactly(event, "cost_entropy", "cost_ops", "lane", "meta", "status", "task", "tick"); err != nil {
		return err
	}
	if err := exactly(result, "error", "status", "task", "value"); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	for _, name := range []string{"cost_entropy", "cost_ops"} {
		if n, ok := integer(event[name]); !ok || n < 0 {
			return fmt.Errorf("%s is %s, want an integer that is not negative", name, show(event[name]))
		}
	}
	if n, ok := integer(event["tick"]); !ok || n != tick {
		return fmt.Errorf("tick is %s in a frame of tick %d", show(event["tick"]), tick)
	}
	if _, ok := event["meta"].(map[string]any); !ok {
		return fmt.Errorf("meta is %s, want a map", show(event["meta"]))
	}
	if _, ok := event["task"].(string); !ok {
		return fmt.Errorf("task is %s, want a string", show(event["task"]))
	}
	lane, _ := event["lane"].(string)
	status, _ := event["status"].(string)
	if !slices.Contains([]string{"forecast", "shadow"}, lane) {
		return fmt.Errorf("unknown lane %s", show(event["lane"]))
	}
	if !slices.Contains([]string{"ok", "skipped_budget", "error", "not_computable"}, status) {
		return fmt.Errorf("unknown status %s", show(event["status"]))
	}
	if result["task"] != event["task"] || result["status"] != event["status"] {
		return fmt.Errorf("task %s (%s) beside the result of %s (%s)", show(event["task"]), status, show(result["task"]), show(result["status"]))
	}
	failed := status == "error" || status == "not_computable"
	if text, isText := result["error"].(string); isText && (failed || text != "") || result["error"] == nil && !failed {
		return nil
	}
	return fmt.Errorf("a task that is %s has error %s", status, show(result["error"]))
}

// exactly makes sure that a map has these names and no others.
func exactly(m map[string]any, names ...string) error {
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return fmt.Errorf("%s is missing", name)
		}
	}
	if len(m) != len(names) {
		return fmt.Errorf("%d fields where %d belong", len(m), len(names))
	}
	return nil
}

func integer(tree any) (int64, bool) {
	number, ok := tree.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 64)
	return n, ok && err == nil
}
