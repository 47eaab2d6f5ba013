package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// What a request and its definition determine of every tick: which tasks have their
// turn, in which order, what they cost, and which of them the budget cannot pay. What
// the tasks return is all that they leave open.

// readableKinds are the kinds of windows whose definitions this auditor can read, and
// definitionSchema is the version of these. All declare their tasks alike. A window of
// kind here has a definition of any other.
var readableKinds = []string{"starlark", "exec", "go", here}

const here = "here"

const definitionSchema = "ers.definition.v2"

// definition is one that can be read.
type definition struct {
	name  string
	kind  string
	tasks []planned           // in the order in which they run
	ruled map[string]*planned // those that run commands or have rules, by name
}

// planned is a task as every tick must show it.
type planned struct {
	name         string
	lane         string
	priority     int64
	ops, entropy int64
	meta         []byte // canonical, of an event that was not skipped

	command bool   // it runs one
	rules   []rule // of what it comes to
}

// readDefinition reads of a definition what its frames must show.
func readDefinition(data []byte) (*definition, error) {
	tree, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	var d struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
		Kind   string `json:"kind"`
		Tasks  []struct {
			Name     string   `json:"name"`
			Lane     string   `json:"lane"`
			Priority int64    `json:"priority"`
			Cost     budget   `json:"cost"`
			Tags     []string `json:"tags"`

			Command *struct{}      `json:"command"`
			Rules   []ruleDocument `json:"rules"`
		} `json:"tasks"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Schema != definitionSchema:
		return nil, fmt.Errorf("its schema is %.80q, this auditor knows %s", d.Schema, definitionSchema)
	case canonical(tree) != string(data):
		return nil, errors.New("its JSON is not canonical")
	}
	tasks := []planned{}
	for _, t := range d.Tasks {
		tags := []any{}
		for _, tag := range t.Tags {
			tags = append(tags, tag)
		}
		p := planned{name: t.Name, lane: t.Lane, priority: t.Priority, ops: t.Cost.Ops, entropy: t.Cost.Entropy,
			meta: appendTree(nil, map[string]any{"tags": tags}), command: t.Command != nil}
		for _, r := range t.Rules {
			read, err := readRule(r)
			if err != nil {
				return nil, fmt.Errorf("task %.80q: %w", t.Name, err)
			}
			p.rules = append(p.rules, read)
		}
		tasks = append(tasks, p)
	}
	slices.SortStableFunc(tasks, func(a, b planned) int { // forecast comes before shadow, as in the alphabet
		return cmp.Or(strings.Compare(a.lane, b.lane), cmp.Compare(a.priority, b.priority), strings.Compare(a.name, b.name))
	})
	ruled := map[string]*planned{}
	for i := range tasks {
		if p := &tasks[i]; p.command || len(p.rules) > 0 {
			ruled[p.name] = p
		}
	}
	return &definition{d.Name, d.Kind, tasks, ruled}, nil
}

// turn is where a run is in the tick that is being read.
type turn struct {
	next             int // of the planned tasks
	forecast, shadow budget
	inShadow         bool // the forecast lane is over
}

var skippedMeta = []byte(`{"reason":"budget"}`)

// obey tells in what an entry is not what the window's request and definition make of
// it; "" is nothing. In a tick that is falsified on purpose the task of the drill is
// passed over.
func (r *run) obey(f *frame, e *entry) string {
	w, t, tasks := r.window, &r.turn, r.planned()
	drill, drilled := w.request.Drill, false
	if drill != nil && drill.Run == r.key.Run && drill.Tick == f.tick {
		if tasks == nil {
			return "" // what the task would have cost cannot be told
		}
		if drilled = true; string(e.task) == drill.Task {
			return ""
		}
	}
	left := &t.forecast
	if e.lane == "shadow" {
		left, t.inShadow = &t.shadow, true
	} else if t.inShadow {
		return fmt.Sprintf("task %.80q of the forecast lane has its turn after the shadow lane", e.task)
	}
	meta := e.meta // there is no saying what it must be
	if tasks != nil {
		if drilled {
			t.passOver(tasks, drill.Task)
		}
		if t.next == len(tasks) {
			return fmt.Sprintf("task %.80q has its turn after all %d of the definition", e.task, len(tasks))
		}
		p := &tasks[t.next]
		t.next++
		switch {
		case string(e.task) != p.name:
			return fmt.Sprintf("task %.80q has its turn where the definition has %.80q", e.task, p.name)
		case e.lane != p.lane:
			return fmt.Sprintf("task %.80q is in lane %s, by the definition it is in %s", e.task, e.lane, p.lane)
		case e.ops != p.ops || e.entropy != p.entropy:
			return fmt.Sprintf("task %.80q costs %d ops and %d entropy, by the definition %d and %d", e.task, e.ops, e.entropy, p.ops, p.entropy)
		}
		meta = p.meta
	}
	skipped := e.status == "skipped_budget"
	switch affordable := e.ops <= left.Ops && e.entropy <= left.Entropy; {
	case affordable && skipped:
		return fmt.Sprintf("task %.80q is skipped, although its lane has %d ops and %d entropy left for its %d and %d", e.task, left.Ops, left.Entropy, e.ops, e.entropy)
	case !affordable && !skipped:
		return fmt.Sprintf("task %.80q is not skipped, although its lane has only %d ops and %d entropy left for its %d and %d", e.task, left.Ops, left.Entropy, e.ops, e.entropy)
	case skipped:
		meta = skippedMeta
	default:
		left.Ops -= e.ops
		left.Entropy -= e.entropy
	}
	if !bytes.Equal(e.meta, meta) {
		return fmt.Sprintf("task %.80q has meta %.80s, it must be %.80s", e.task, e.meta, meta)
	}
	if e.status != "ok" && !bytes.HasSuffix(e.result, []byte(`,"value":null}`)) {
		return fmt.Sprintf("task %.80q is %s and has a value", e.task, e.status)
	}
	return ""
}

// passOver gives a planned task its turn without looking at what came of it.
func (t *turn) passOver(tasks []planned, name string) {
	if t.next == len(tasks) || tasks[t.next].name != name {
		return
	}
	p := &tasks[t.next]
	t.next++
	left := &t.forecast
	if p.lane == "shadow" {
		left = &t.shadow
	}
	if p.ops <= left.Ops && p.entropy <= left.Entropy {
		left.Ops -= p.ops
		left.Entropy -= p.entropy
	}
}

// lacking tells which task had no turn in a tick that is over; "" is none.
func (r *run) lacking(tick int64) string {
	w, t, tasks := r.window, &r.turn, r.planned()
	if d := w.request.Drill; d != nil && d.Run == r.key.Run && d.Tick == tick {
		t.passOver(tasks, d.Task)
	}
	if t.next < len(tasks) {
		return fmt.Sprintf("task %.80q has no turn in the tick", tasks[t.next].name)
	}
	return ""
}

// plan holds a frame that follows against what its window determines. The first
// departure of a run is a finding: what comes after it follows from it.
func (r *run) plan(f *frame, seq uint64, last bool) {
	w := r.window
	if r.departed || w.request == nil {
		return
	}
	if f.first == 0 {
		r.turn = turn{forecast: w.request.Budget.Forecast, shadow: w.request.Budget.Shadow}
		if i := f.tick - w.request.FirstTick; w.contexts > 1 && i >= w.contexts {
			r.depart(seq, f.tick, fmt.Sprintf("the %s tick of a run, but there are contexts for %d", ordinal(i+1), w.contexts))
		}
	}
	for i := range f.entries {
		if fault := r.obey(f, &f.entries[i]); fault != "" {
			r.depart(seq, f.tick, fmt.Sprintf("event %d: %s", f.first+int64(i), fault))
			return
		}
	}
	if fault := r.lacking(f.tick); last && fault != "" {
		r.depart(seq, f.tick, fault)
	}
}

func (r *run) depart(seq uint64, tick int64, fault string) {
	r.departed = true
	r.hold(Contradiction, events.StreamTrace, seq, tick, "not what request and definition determine: %s", fault)
}
