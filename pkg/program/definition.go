package program

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

// DefinitionSchema is the version of definitions.
const DefinitionSchema = "ers.definition.v2"

// The kinds of definitions, each with a queue of windows of its own.
const (
	KindStarlark = events.Starlark // tasks in Starlark
	KindExec     = "exec"          // tasks of workers and commands: processes of the machine that runs them
	KindGo       = "go"            // tasks of one Go program, which is its own coordinator
)

// Definition is a pipeline as its author wrote it. Files are named by their SHA-256, and
// their contents are objects of their own. Make one by reading a pipeline file or with
// [DecodeDefinition] and do not change it; it may then be used from any goroutine.
type Definition struct {
	Schema  string   `json:"schema"` // DefinitionSchema
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`              // one of the kinds above
	Module  string   `json:"module,omitempty"`  // kind go: the path of the program's main package
	Workers []Worker `json:"workers,omitempty"` // kind exec, ascending by name
	Tasks   []Task   `json:"tasks"`             // at least one, in the order of the file
}

// Task is one task of a pipeline. What its function is depends on the kind: Starlark; or
// one of Worker and Command; in Go it is in the program.
type Task struct {
	Name     string        `json:"name"`
	Lane     events.Lane   `json:"lane"`
	Priority int64         `json:"priority"`
	Cost     events.Budget `json:"cost"`
	Tags     []string      `json:"tags"`

	Starlark *Starlark `json:"starlark,omitempty"`
	Worker   string    `json:"worker,omitempty"` // the name of one of Workers
	Command  *Command  `json:"command,omitempty"`

	Rules []rules.Rule `json:"rules,omitempty"` // what may differ in its value
}

// Starlark is the code of a task.
type Starlark struct {
	Source string `json:"source"`
	File   string `json:"file"`  // its name in positions, without folder
	Steps  int64  `json:"steps"` // a call is stopped after as many, >= 1
}

// DefaultSteps is the step limit of a task that sets none: a runaway loop takes
// from 0.05 to 1 s for as many.
const DefaultSteps = 10_000_000

// Encode returns the canonical JSON of the definition. It panics on one that holds
// invalid UTF-8 or an unknown lane, which DecodeDefinition never returns.
func (d *Definition) Encode() []byte {
	b, err := events.Encode(d)
	if err != nil {
		panic(fmt.Sprintf("program: definition %q: %v", d.Name, err))
	}
	return b
}

// SHA256 is the name of the definition on the bus, in hex: the hash of Encode.
func (d *Definition) SHA256() string { return canon.Sum(d.Encode()).String() }

// DecodeDefinition is the reverse of Encode. It accepts exactly what Encode gives
// for a definition that follows all rules; whether the code of the tasks is any good
// is not looked at. Every error is an [ErrInvalid].
func DecodeDefinition(data []byte) (*Definition, error) {
	d := new(Definition)
	if err := checkSchema(data); err != nil {
		return nil, &Error{Msg: "definition: " + err.Error()}
	}
	if err := events.Decode(data, d); err != nil {
		return nil, &Error{Msg: "definition: " + err.Error()}
	}
	if f := d.Check(); f != nil {
		e := f.Plain()
		e.Msg = "definition: " + e.Msg
		return nil, e
	}
	if !bytes.Equal(d.Encode(), data) {
		return nil, &Error{Msg: "definition: not in canonical form: encode it with ers"}
	}
	return d, nil
}

// checkSchema refuses a document of another version by its name, before anything
// else in it is found fault with.
func checkSchema(data []byte) error {
	v, err := canon.Parse(data)
	if err != nil {
		return err
	}
	for name, schema := range v.Members() {
		if text, _ := schema.Text(); name == "schema" && text != DefinitionSchema {
			return fmt.Errorf("unknown schema %s: this reader knows %s", schema, DefinitionSchema)
		}
	}
	return nil
}

// Check returns the first rule that the definition breaks, nil for none. Pointers
// are those of the definition, which a pipeline file shares.
func (d *Definition) Check() *Fault {
	if list := d.Faults(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// Faults returns all rules that the definition breaks.
func (d *Definition) Faults() (list []*Fault) {
	c := checker{"", &list}
	if err := events.CheckPipelineName(d.Name); err != nil {
		c.fault("/name", "%v", err)
	}
	if len(d.Tasks) == 0 {
		c.fault("/tasks", "there are no tasks: want at least one")
	}
	first := make(map[string]int)
	for i := range d.Tasks {
		t := &d.Tasks[i]
		c := c.in(TaskPointer(i))
		if earlier, taken := first[t.Name]; taken && t.Name != "" {
			f := c.fault("/name", "two tasks have the name %q: give each its own", t.Name)
			f.Earlier = TaskPointer(earlier)
		} else {
			first[t.Name] = i
		}
		t.check(c)
	}
	d.checkKind(c)
	if len(list) == 0 {
		if _, err := events.Encode(d); err != nil {
			c.fault("", "%v: only text in UTF-8 can be recorded", err)
		}
	}
	return list
}

func (t *Task) check(c checker) {
	before := len(*c.found)
	if t.Name == "" {
		c.fault("/name", "the name is empty: give the task one")
	}
	if t.Starlark != nil && t.Starlark.Steps < 1 {
		c.fault("/steps", "steps is %d: want at least 1", t.Starlark.Steps)
	}
	*c.found = append(*c.found, CheckBudget(t.Cost, c.pointer+"/cost", "cost")...)
	if t.Command != nil {
		t.Command.check(c.in("/command"))
	}
	t.checkRules(c)
	if len(*c.found) > before {
		return // of which the scheduler would only find the first again
	}
	if err := scheduler.New().Add(t.Schedule(nothing)); err != nil {
		c.fault("/name", "%v", err)
	}
}

func (t *Task) checkRules(c checker) {
	before := len(*c.found)
	for i := range t.Rules {
		if err := rules.CheckAll(t.Rules[i:i+1], t.Command != nil); err != nil {
			c.fault("/rules/"+strconv.Itoa(i), "%v", err)
		}
	}
	if err := rules.CheckAll(t.Rules, t.Command != nil); err != nil && len(*c.found) == before { // of all together
		c.fault("/rules", "%v", err)
	}
}

func nothing(context.Context, *scheduler.Input) (any, error) { return nil, nil }

// Schedule returns the task for a scheduler, with the function that its code comes to.
func (t *Task) Schedule(run func(context.Context, *scheduler.Input) (any, error)) scheduler.Task {
	s := scheduler.Task{Name: t.Name, Lane: t.Lane, Priority: t.Priority, Cost: t.Cost, Tags: t.Tags, Run: run}
	if len(t.Rules) > 0 && t.Command == nil { // those of a command are about what it made
		set, err := rules.Compile(t.Rules)
		if err != nil {
			panic(fmt.Sprintf("program: task %q was not checked: %v", t.Name, err))
		}
		s.Rules = set
	}
	return s
}
