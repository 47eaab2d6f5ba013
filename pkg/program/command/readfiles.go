package command

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/canon"
)

// FileReading is a file in a value.
type FileReading struct {
	Type       FileType
	Executable bool
	Target     string
	Content    *Content // of a Regular one
}

// readFiles reads the member files.
func (r *Reading) readFiles(v canon.Value) error {
	m, err := members(v)
	if err != nil {
		return fmt.Errorf("/files: %w", err)
	}
	if m["as"].Kind() == canon.String { // a file of this name is an object
		c := &Content{}
		if err = c.readObject(m); err == nil {
			err = noMore(m)
		}
		r.FilesObject = c.Object
	} else {
		r.Files, err = ReadFiles(v)
	}
	if err != nil {
		return fmt.Errorf("/files: %w", err)
	}
	return nil
}

// ReadFiles reads the files of a value, or of the object that stands for them.
func ReadFiles(v canon.Value) (map[string]FileReading, error) {
	m, err := members(v)
	if err != nil {
		return nil, err
	}
	files := make(map[string]FileReading)
	for path, v := range m {
		f, err := readFile(v)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", path, err)
		}
		files[path] = f
	}
	return files, nil
}

func readFile(v canon.Value) (f FileReading, err error) {
	m, err := members(v)
	if err != nil {
		return f, err
	}
	text, _ := m["type"].Text()
	f.Type = FileType(text)
	delete(m, "type")
	switch f.Type {
	case Regular:
		f.Executable = m["executable"] == "true"
		if m["executable"].Kind() != canon.Bool {
			return f, errors.New("whether it is executable is not said")
		}
		delete(m, "executable")
		if f.Content, err = readContent(m); err != nil {
			return f, err
		}
	case Link:
		var ok bool
		if f.Target, ok = m["target"].Text(); !ok {
			return f, errors.New("a link without a target")
		}
		delete(m, "target")
	case Folder, Deleted:
	default:
		return f, fmt.Errorf("unknown type %.40q", text)
	}
	return f, noMore(m)
}
