package starlark

import (
	"fmt"
	"iter"

	"go.starlark.net/starlark"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/scheduler"
)

// record is a read-only Starlark object whose attributes are made when they are
// first looked at, so that a task pays only for what it uses.
type record struct {
	kind  string
	attrs []attr // sorted by name
}

type attr struct {
	name  string
	make  func() (starlark.Value, error)
	value starlark.Value // nil before the first look
}

var _ starlark.HasAttrs = (*record)(nil)

func (r *record) String() string        { return "<" + r.kind + ">" }
func (r *record) Type() string          { return r.kind }
func (r *record) Freeze()               {}
func (r *record) Truth() starlark.Bool  { return true }
func (r *record) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable type: %s", r.kind) }

// Attr returns nil, nil for an unknown name, which Starlark turns into an error.
func (r *record) Attr(name string) (starlark.Value, error) {
	for i := range r.attrs {
		a := &r.attrs[i]
		if a.name != name {
			continue
		}
		if a.value == nil {
			v, err := a.make()
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", name, r.kind, err)
			}
			v.Freeze()
			a.value = v
		}
		return a.value, nil
	}
	return nil, nil
}

func (r *record) AttrNames() []string {
	names := make([]string, len(r.attrs))
	for i := range r.attrs {
		names[i] = r.attrs[i].name
	}
	return names
}

// memo keeps the last context that a run converted, frozen: all tasks of a tick look
// at the same, and often all ticks.
type memo struct {
	from  canon.Value
	value starlark.Value
}

func (m *memo) convert(v canon.Value) (starlark.Value, error) {
	if m.value != nil && m.from == v {
		return m.value, nil
	}
	value, err := toStarlark(v)
	if err != nil {
		return nil, err
	}
	value.Freeze()
	m.from, m.value = v, value
	return value, nil
}

// newContext is the ctx of a call.
func newContext(in *scheduler.Input, contexts *memo) *record {
	return &record{"ctx", []attr{
		{name: "context", make: func() (starlark.Value, error) { return contexts.convert(in.Context()) }},
		{name: "previous", make: func() (starlark.Value, error) { return newResults(in.Previous()) }},
		{name: "results", make: func() (starlark.Value, error) { return newResults(in.Results()) }},
		{name: "tick", value: starlark.MakeInt64(in.Tick())},
	}}
}

// newResults is the dict of results by task name, in the order in which they ran.
func newResults(results iter.Seq[scheduler.Result]) (starlark.Value, error) {
	d := new(starlark.Dict)
	for r := range results {
		if err := d.SetKey(starlark.String(r.Name), newResult(r)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func newResult(r scheduler.Result) *record {
	return &record{"result", []attr{
		{name: "error", value: starlark.String(r.Error)},
		{name: "status", value: starlark.String(r.Status.String())},
		{name: "value", make: func() (starlark.Value, error) { return toStarlark(r.Value) }},
	}}
}
