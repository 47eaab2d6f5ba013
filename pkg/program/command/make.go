package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

// Make makes the value. An error is one of a source, or says what has no canonical form,
// such as a path that is not UTF-8.
func (o *Output) Make(opt Options) (*Made, error) {
	m := &maker{Options: opt, Made: Made{Counts: opt.Rules.NewCounts()}}
	value := map[string]any{"exit": o.Exit}
	if o.Signal != "" {
		value = map[string]any{"signal": o.Signal}
	}
	for _, c := range []struct {
		name   string
		source Source
	}{{rules.Stdout, orEmpty(o.Stdout)}, {rules.Stderr, orEmpty(o.Stderr)}, {rules.Probe, o.Probe}} {
		if c.source == nil {
			continue
		}
		made, err := m.content(c.name, c.source, MaxInline)
		if err != nil {
			return nil, err
		}
		value[c.name] = made
	}
	if o.Files != nil {
		files, err := m.files(o.Files)
		if err != nil {
			return nil, err
		}
		value["files"] = files
	}
	v, err := canon.Of(value)
	if err == nil && len(v) > scheduler.MaxValue {
		err = fmt.Errorf("it takes %d canonical bytes: at most %d are allowed", len(v), scheduler.MaxValue)
	}
	if err != nil {
		return nil, fmt.Errorf("what the command came to: %w", err)
	}
	m.listRaw()
	m.Value = []byte(v)
	return &m.Made, nil
}

func orEmpty(s Source) Source {
	if s == nil {
		return memory(nil)
	}
	return s
}

// memory is a source of bytes that are there.
type memory []byte

// Memory returns a source of bytes in memory.
func Memory(data []byte) Source { return memory(data) }

func (m memory) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m)), nil }
func (m memory) Size() int64                  { return int64(len(m)) }

type maker struct {
	Options
	Made
}

// files makes the value of all files.
func (m *maker) files(files map[string]File) (any, error) {
	all := make(map[string]canon.Value)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if !utf8.ValidString(path) {
			return nil, fmt.Errorf("the path %q is not UTF-8: give the file another name", path)
		}
		if m.Rules.IgnoresFile(path, m.Counts) {
			continue
		}
		v, err := m.file(path, files[path])
		if err != nil {
			return nil, err
		}
		all[path] = v
	}
	v, err := canon.Of(all)
	if err != nil || len(v) <= MaxInlineFiles {
		return v, err
	}
	data := memory(v)
	return m.object("files", "json", canon.Sum(data).String(), data.Size(), data.Open), nil
}

func (m *maker) file(path string, f File) (canon.Value, error) {
	value := make(map[string]any)
	switch f.Type {
	case Regular:
		var err error
		if value, err = m.content(rules.FileName(path), orEmpty(f.Content), MaxInlineFile); err != nil {
			return "", err
		}
		value["executable"] = f.Executable
	case Link:
		if !utf8.ValidString(f.Target) {
			return "", fmt.Errorf("file %s: the target %q is not UTF-8", path, f.Target)
		}
		value["target"] = f.Target
	case Folder, Deleted:
	default:
		return "", fmt.Errorf("file %s: unknown type %q", path, f.Type)
	}
	value["type"] = string(f.Type)
	v, err := canon.Of(value)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", path, err)
	}
	return v, nil
}

// object notes an object and returns the value that names it.
func (m *maker) object(name, as, sha string, size int64, open func() (io.ReadCloser, error)) map[string]any {
	m.Objects = append(m.Objects, Object{Name: name, SHA256: sha, Size: size, Open: open})
	return map[string]any{"as": as, "object": map[string]any{"name": name, "sha256": sha, "size": size}}
}

// listRaw makes one object of the names of raw contents that are too many.
func (m *maker) listRaw() {
	n := 0
	list := make(map[string]any)
	for i := range m.Objects {
		if o := &m.Objects[i]; o.Raw {
			n++
			list[o.Name] = map[string]any{"sha256": o.SHA256, "size": o.Size}
		}
	}
	if n <= MaxRaw {
		return
	}
	for i := range m.Objects {
		m.Objects[i].listed = m.Objects[i].Raw
	}
	v, _ := canon.Of(list) // the names are in the value already
	data := memory(v)
	m.Objects = append(m.Objects, Object{Name: RawList, SHA256: canon.Sum(data).String(), Size: data.Size(), Raw: true, Open: data.Open})
}

var errChanged = errors.New("it changed while it was read")
