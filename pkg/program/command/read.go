package command

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
)

// Reading is a value as it is read.
type Reading struct {
	Exit   int64  // unless there is a Signal
	Signal string // "" for none

	Stdout, Stderr *Content
	Probe          *Content // nil: there is none

	Files       map[string]FileReading // by path; nil: not looked at, or in FilesObject
	FilesObject *ObjectRef             // the canonical JSON of files; see ReadFiles
}

// Content is a content in a value.
type Content struct {
	As     content.As
	Inline canon.Value // a list of lines, a JSON value, a list of them, base64; "": it is an object
	Open   bool        // the last line of a text has no newline
	SHA256 string      // of the bytes as they were written; "": Inline says it all, or rules apply
	Size   int64       // beside SHA256

	Object *ObjectRef // what is compared, when it is not Inline
}

// ObjectRef names an object.
type ObjectRef struct {
	Name   string
	SHA256 string
	Size   int64
}

// Exact tells whether Reader returns the very bytes that are compared, and not JSON in
// canonical form in place of how it was written.
func (c *Content) Exact() bool {
	return c.Object != nil || c.As == content.Text || c.As == content.Bytes
}

// Reader reads the content: what is compared, JSON that is not an object in canonical
// form. open opens an object by its SHA-256.
func (c *Content) Reader(open func(sha string) (io.ReadCloser, error)) (io.ReadCloser, error) {
	if c.Object != nil {
		return open(c.Object.SHA256)
	}
	var text strings.Builder
	switch c.As {
	case content.JSON:
		text.WriteString(string(c.Inline))
	case content.Bytes:
		encoded, _ := c.Inline.Text()
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, err
		}
		text.Write(data)
	default:
		newline := ""
		for line := range c.Inline.Elements() {
			text.WriteString(newline)
			if s, ok := line.Text(); ok && c.As == content.Text {
				text.WriteString(s)
			} else {
				text.WriteString(string(line))
			}
			newline = "\n"
		}
		if !c.Open {
			text.WriteString(newline)
		}
	}
	return io.NopCloser(strings.NewReader(text.String())), nil
}

// Read reads a value. The error is for one that no command came to.
func Read(v canon.Value) (*Reading, error) {
	m, err := members(v)
	if err != nil {
		return nil, err
	}
	r := &Reading{}
	if signal, ok := m["signal"]; ok {
		r.Signal, ok = signal.Text()
		if !ok || r.Signal == "" {
			return nil, errors.New("/signal is not text")
		}
		delete(m, "signal")
	} else {
		var ok bool
		if r.Exit, ok = m["exit"].Int(); !ok {
			return nil, errors.New("/exit is not a number")
		}
		delete(m, "exit")
	}
	if r.Stdout, err = take(m, "stdout"); err != nil {
		return nil, err
	}
	if r.Stderr, err = take(m, "stderr"); err != nil {
		return nil, err
	}
	if _, ok := m["probe"]; ok {
		if r.Probe, err = take(m, "probe"); err != nil {
			return nil, err
		}
	}
	if files, ok := m["files"]; ok {
		if err := r.readFiles(files); err != nil {
			return nil, err
		}
		delete(m, "files")
	}
	return r, noMore(m)
}

func members(v canon.Value) (map[string]canon.Value, error) {
	if v.Kind() != canon.Object {
		return nil, errors.New("it is not an object")
	}
	return maps.Collect(v.Members()), nil
}

func noMore(m map[string]canon.Value) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		return fmt.Errorf("unknown member %.40q", name)
	}
	return nil
}

// take reads the content of that name, and takes it out.
func take(m map[string]canon.Value, name string) (*Content, error) {
	v, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("/%s is missing", name)
	}
	delete(m, name)
	inner, err := members(v)
	var c *Content
	if err == nil {
		if c, err = readContent(inner); err == nil {
			err = noMore(inner)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("/%s: %w", name, err)
	}
	return c, nil
}

// readContent takes the members of a content out.
func readContent(m map[string]canon.Value) (*Content, error) {
	c := &Content{}
	if _, ok := m["as"]; ok {
		return c, c.readObject(m)
	}
	for as, kind := range map[content.As]canon.Kind{content.JSON: canon.Invalid, content.JSONL: canon.Array, content.Text: canon.Array, content.Bytes: canon.String} {
		v, ok := m[string(as)]
		if !ok {
			continue
		}
		if c.As != "" || kind != canon.Invalid && v.Kind() != kind {
			return nil, fmt.Errorf("it is not %s", as.Name())
		}
		c.As, c.Inline = as, v
	}
	if c.As == "" {
		return nil, errors.New("it is not a content")
	}
	delete(m, string(c.As))
	if !c.readable() {
		return nil, fmt.Errorf("it is not %s", c.As.Name())
	}
	if m["open"] == "true" && c.As == content.Text {
		c.Open = true
		delete(m, "open")
	}
	if sha, ok := m["sha256"]; ok && (c.As == content.JSON || c.As == content.JSONL) {
		c.SHA256, _ = sha.Text()
		c.Size, ok = m["size"].Int()
		if !ok || !events.IsHash(c.SHA256) {
			return nil, errors.New("its sha256 and size are none")
		}
		delete(m, "sha256")
		delete(m, "size")
	}
	return c, nil
}

// readable tells whether text is made of lines, and bytes are base64.
func (c *Content) readable() bool {
	switch c.As {
	case content.Text:
		for line := range c.Inline.Elements() {
			if line.Kind() != canon.String {
				return false
			}
		}
	case content.Bytes:
		encoded, _ := c.Inline.Text()
		_, err := base64.StdEncoding.Strict().DecodeString(encoded)
		return err == nil
	}
	return true
}

func (c *Content) readObject(m map[string]canon.Value) (err error) {
	text, _ := m["as"].Text()
	if c.As, err = content.ParseAs(text); err != nil {
		return err
	}
	if c.Object, err = readRef(m["object"]); err != nil {
		return fmt.Errorf("/object: %w", err)
	}
	delete(m, "as")
	delete(m, "object")
	return nil
}

func readRef(v canon.Value) (*ObjectRef, error) {
	m, err := members(v)
	if err != nil {
		return nil, err
	}
	o := &ObjectRef{}
	var okName, okSHA, okSize bool
	o.Name, okName = m["name"].Text()
	o.SHA256, okSHA = m["sha256"].Text()
	o.Size, okSize = m["size"].Int()
	if !okName || !okSHA || !okSize || len(m) != 3 || !events.IsHash(o.SHA256) || o.Size < 0 {
		return nil, errors.New("want name, sha256 and size")
	}
	return o, nil
}
