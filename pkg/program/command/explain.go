package command

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
)

// Opener opens an object by its SHA-256. What it reads must be that object: reading
// fails where it is not.
type Opener func(sha string) (io.ReadCloser, error)

// maxFiles is the most bytes of the object that stands for all files, when two are
// compared; of larger ones it is not said where they differ.
const maxFiles = 64 << 20

// Explain says in what two values of commands first differ, where pointer is the place of
// that. Contents that are objects, and the object that stands for all files, are read with
// open. It is nil for values that no command came to. An error is one of open, or of
// reading what it opened.
//
// Where JSON stands in both values and is equal, the bytes in which it was written are not
// kept: then Equal alone is said.
func Explain(a, b canon.Value, pointer string, open Opener) (*events.Content, error) {
	x, errX := Read(a)
	y, errY := Read(b)
	if errX != nil || errY != nil {
		return nil, nil
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	switch name {
	case "exit", "signal":
		return &events.Content{Name: ExitName, Expected: ptr(x.ended()), Found: ptr(y.ended())}, nil
	case rules.Stdout:
		return diff(name, x.Stdout, y.Stdout, open)
	case rules.Stderr:
		return diff(name, x.Stderr, y.Stderr, open)
	case rules.Probe:
		if x.Probe != nil && y.Probe != nil {
			return diff(name, x.Probe, y.Probe, open)
		}
	case "files":
		if x.FilesObject == nil && y.FilesObject == nil {
			path, _, _ := strings.Cut(rest, "/")
			return diffFile(unescape.Replace(path), x.Files, y.Files, open)
		}
		return diffFiles(a, b, x, y, open)
	}
	return nil, nil
}

// ExitName is the name of the exit status, or the signal, where a difference is in it.
const ExitName = "exit"

// ended is the exit status or the signal.
func (r *Reading) ended() string {
	if r.Signal != "" {
		return r.Signal
	}
	return strconv.FormatInt(r.Exit, 10)
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// diff is the difference of two contents.
func diff(name string, a, b *Content, open Opener) (*events.Content, error) {
	as := a.As
	switch {
	case a.As == b.As:
	case !a.Exact() || !b.Exact():
		return &events.Content{Name: name, Expected: ptr(a.As.Name()), Found: ptr(b.As.Name())}, nil
	case a.As == content.Bytes || b.As == content.Bytes:
		as = content.Bytes
	default:
		as = content.Text
	}
	ra, err := a.Reader(open)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer ra.Close()
	rb, err := b.Reader(open)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer rb.Close()
	d, err := content.Diff(ra, rb, as)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if d == nil { // what differs is how it was written
		d = &content.Difference{As: as, Equal: true}
	}
	return &events.Content{Name: name, As: string(d.As), Line: d.Line, Column: d.Column, Offset: d.Offset, Pointer: d.Pointer,
		Equal: d.Equal, Expected: d.Expected, Found: d.Found}, nil
}

func ptr(s string) *string { return &s }

// diffFile is the difference of what became of a file.
func diffFile(path string, a, b map[string]FileReading, open Opener) (*events.Content, error) {
	x, y := describe(a, path), describe(b, path)
	if x == nil || y == nil || *x != *y {
		return &events.Content{Name: rules.FileName(path), Expected: x, Found: y}, nil
	}
	if a[path].Content == nil { // and so they are equal
		return nil, nil
	}
	return diff(rules.FileName(path), a[path].Content, b[path].Content, open)
}

// describe says in words what became of a file, without its content; nil: it was neither
// made nor changed.
func describe(files map[string]FileReading, path string) *string {
	f, ok := files[path]
	switch {
	case !ok:
		return nil
	case f.Type == Link:
		return ptr("link to " + content.Cut(f.Target, "", content.MaxExcerpt))
	case f.Executable:
		return ptr("executable file")
	}
	return ptr(string(f.Type))
}

// diffFiles is the difference of files of which some are an object.
func diffFiles(a, b canon.Value, x, y *Reading, open Opener) (*events.Content, error) {
	from, err := filesOf(a, x, open)
	if err != nil {
		return nil, err
	}
	to, err := filesOf(b, y, open)
	if err != nil {
		return nil, err
	}
	filesX, errX := ReadFiles(from)
	filesY, errY := ReadFiles(to)
	if from == to || errX != nil || errY != nil {
		return nil, nil
	}
	pointer, _, _ := canon.FirstDifference("", from, to, content.MaxPointer)
	path, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return diffFile(unescape.Replace(path), filesX, filesY, open)
}

// filesOf is the value of all files, from the value or from its object.
func filesOf(v canon.Value, r *Reading, open Opener) (canon.Value, error) {
	if r.FilesObject == nil {
		for name, member := range v.Members() {
			if name == "files" {
				return member, nil
			}
		}
		return "", nil
	}
	o, err := open(r.FilesObject.SHA256)
	if err != nil {
		return "", fmt.Errorf("files: %w", err)
	}
	defer o.Close()
	data, err := io.ReadAll(io.LimitReader(o, maxFiles+1))
	if err != nil {
		return "", fmt.Errorf("files: %w", err)
	}
	if len(data) > maxFiles {
		return "", nil
	}
	parsed, err := canon.Parse(data)
	if err != nil {
		return "", nil
	}
	return parsed, nil
}
