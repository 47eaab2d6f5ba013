// Package lockfile reads and writes ers.lock: what the pipelines of a folder were accepted
// with. It stands beside the pipeline files and is checked in with them, like a golden
// file: a later run whose hashes differ fails with kind latch, whatever the definition.
//
// The file is JSON, for people to read and to see changes in: an object of schema
// "ers.lock.v1" with an entry for each pipeline. It is read strictly.
package lockfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Name is the name of the file.
const Name = "ers.lock"

// Schema is its version.
const Schema = "ers.lock.v1"

// MaxValues is the most canonical bytes of values that an entry keeps: enough to show what
// has changed where values are small.
const MaxValues = 64 << 10

const maxFile = 64 << 20

// File is what a lock file holds. The zero File is that of none.
type File struct {
	Schema    string           `json:"schema"`
	Pipelines map[string]Entry `json:"pipelines"` // by Key
}

// Key is what an entry stands under: the pipeline's name or, of one with several budgets,
// the name, a slash and the budget's name.
func Key(r *events.WindowRequest) string {
	if r.BudgetName == "" {
		return r.Pipeline
	}
	return r.Pipeline + "/" + r.BudgetName
}

func checkKey(key string) error {
	pipeline, budget, several := strings.Cut(key, "/")
	if err := events.CheckPipelineName(pipeline); err != nil || !several {
		return err
	}
	return events.CheckBudgetName(budget)
}

// Entry is what a pipeline was accepted with: the hashes of its runs over these contexts,
// budgets and ticks.
type Entry struct {
	Why        string         `json:"why"`
	Contexts   string         `json:"contexts_sha256"`
	Definition string         `json:"definition_sha256"` // for people: the hashes hold for any
	Budget     events.Budgets `json:"budget"`
	FirstTick  int64          `json:"first_tick"`
	Ticks      int64          `json:"ticks"`
	Trace      string         `json:"trace_sha256"`
	Result     string         `json:"result_sha256"`
	Values     []Value        `json:"values,omitempty"` // of run 0, when all take MaxValues together or less
}

// Value is what a task came to in a tick.
type Value struct {
	Tick   int64           `json:"tick"`
	Task   string          `json:"task"`
	Status events.Status   `json:"status"`
	Value  json.RawMessage `json:"value"`
	Error  string          `json:"error,omitempty"`
}

// Read reads the lock file of a folder. Where there is none the File is empty.
func Read(dir string) (*File, error) {
	path := filepath.Join(dir, Name)
	data, err := userfile.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{Schema: Schema, Pipelines: make(map[string]Entry)}, nil
	}
	if err != nil {
		return nil, err
	}
	f := new(File)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err = d.Decode(f)
	if _, more := d.Token(); err == nil && more != io.EOF {
		err = errors.New("something follows the object")
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; restore it from your version control, or remove it and accept anew", path, err)
	}
	return f, nil
}

func (f *File) check() error {
	if f.Schema != Schema {
		return fmt.Errorf("unknown schema %.80q: this ers knows %s", f.Schema, Schema)
	}
	if f.Pipelines == nil {
		return errors.New("there is no member pipelines")
	}
	for name, e := range f.Pipelines {
		if err := checkKey(name); err != nil {
			return err
		}
		for what, hash := range map[string]string{"contexts_sha256": e.Contexts, "definition_sha256": e.Definition, "trace_sha256": e.Trace, "result_sha256": e.Result} {
			if !events.IsHash(hash) {
				return fmt.Errorf("pipeline %s: %s: %.80q is not a SHA-256 in 64 lower-case hex digits", name, what, hash)
			}
		}
		for _, v := range e.Values {
			if _, err := canon.Parse(v.Value); err != nil {
				return fmt.Errorf("pipeline %s: the value of task %.80q: %w", name, v.Task, err)
			}
		}
	}
	return nil
}

// Write writes the lock file of a folder, whole or not at all.
//
// Commit point: the rename. A crash before it leaves the file as it was.
func (f *File) Write(dir string) error {
	f.Schema = Schema
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return userfile.Write(filepath.Join(dir, Name), append(data, '\n'))
}

// Covers tells whether what a request asks for is what the entry was accepted for.
func (e *Entry) Covers(r *events.WindowRequest) bool {
	return e.Contexts == r.ContextsSHA256 && e.Budget == r.Budget && e.FirstTick == r.FirstTick && e.Ticks == r.Ticks
}

// Latch is what a window of the pipeline must come to.
func (e *Entry) Latch() *events.Latch {
	return &events.Latch{Trace: e.Trace, Result: e.Result, Definition: e.Definition}
}

// Ticks are the kept values as ticks, for a comparison; none when they were not kept.
func (e *Entry) TicksOf() (ticks []events.Tick) {
	for _, v := range e.Values {
		if n := len(ticks); n == 0 || ticks[n-1].Tick != v.Tick {
			ticks = append(ticks, events.Tick{Tick: v.Tick})
		}
		t := &ticks[len(ticks)-1]
		value, err := canon.Parse(v.Value)
		if err != nil {
			continue // it was checked
		}
		t.Results = append(t.Results, events.TaskResult{Name: v.Task, Status: v.Status, Value: value, Error: v.Error})
	}
	return ticks
}
