package command

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/rules"
)

// made is a content on its way to its value.
type made struct {
	name   string
	source Source
	rules  *rules.Content
	limit  int

	raw, left sum    // the bytes, and what the rules of lines left of them
	head      []byte // of what is left, one byte more than can stand in a value
	as        content.As
	json      canon.Value
}

// sum is the hash and the size of what is written to it.
type sum struct {
	hash.Hash
	size int64
}

func newSum() sum { return sum{Hash: sha256.New()} }

func (s *sum) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	return s.Hash.Write(p)
}

func (s *sum) hex() string { return hex.EncodeToString(s.Sum(nil)) }

// content makes the value of a content.
func (m *maker) content(name string, source Source, limit int) (map[string]any, error) {
	c := &made{name: name, source: source, rules: m.Rules.Content(name), limit: limit, raw: newSum(), left: newSum()}
	problem, err := c.look(m.want(name), m.Counts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if problem != nil {
		m.Notes = append(m.Notes, fmt.Sprintf("%s is looked at as %s, not as %s: %v", name, c.as.Name(), m.want(name).Name(), problem))
	}
	if c.ruled() && c.raw.size > 0 {
		m.Objects = append(m.Objects, Object{Name: name, SHA256: c.raw.hex(), Size: c.raw.size, Raw: true, Open: source.Open})
	}
	switch c.as {
	case content.JSON:
		return m.jsonValue(c), nil
	case content.JSONL:
		value, err := m.linesValue(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return value, nil
	}
	if value := c.inline(); value != nil {
		return value, nil
	}
	c.head = nil
	return m.object(name, string(c.as), c.left.hex(), c.left.size, c.open), nil
}

// ruled tells whether the content is compared in another form than it was written in.
func (c *made) ruled() bool {
	return c.rules.HasLines() || c.rules.HasJSON() && (c.as == content.JSON || c.as == content.JSONL)
}

// look reads the content once.
func (c *made) look(want content.As, counts rules.Counts) (problem, err error) {
	r, err := c.source.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	detector := content.NewDetector(want)
	head := &prefix{most: c.limit + 1}
	left := c.rules.Lines(io.TeeReader(r, &c.raw), counts)
	if _, err := io.Copy(io.MultiWriter(detector, head, &c.left), left); err != nil {
		return nil, err
	}
	if c.raw.size != c.source.Size() {
		return nil, errChanged
	}
	c.head = head.data
	c.as, c.json, problem = detector.Result()
	if c.as == content.JSON {
		c.json = c.rules.JSON(c.json, counts)
	}
	return problem, nil
}

// prefix keeps the beginning of what is written to it.
type prefix struct {
	data []byte
	most int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.data = append(p.data, b[:min(len(b), p.most-len(p.data))]...)
	return len(b), nil
}

// open reads what is compared.
func (c *made) open() (io.ReadCloser, error) {
	r, err := c.source.Open()
	if err != nil || !c.ruled() {
		return r, err
	}
	left := c.rules.Lines(r, nil)
	switch c.as {
	case content.JSONL:
		left = c.rules.JSONLines(left, nil)
	case content.JSON:
		defer r.Close()
		text, err := io.ReadAll(left)
		if err != nil {
			return nil, err
		}
		v, err := canon.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", c.name, errChanged, err)
		}
		return memory(c.rules.JSON(v, nil)).Open()
	}
	return struct {
		io.Reader
		io.Closer
	}{left, r}, nil
}

// inline is the value of text or bytes; nil when it is too large.
func (c *made) inline() map[string]any {
	if int64(len(c.head)) < c.left.size || len(c.head) > c.limit {
		return nil
	}
	value := make(map[string]any)
	if c.as == content.Bytes {
		value["bytes"] = base64.StdEncoding.EncodeToString(c.head)
	} else {
		lines := strings.SplitAfter(string(c.head), "\n")
		if last := len(lines) - 1; lines[last] == "" {
			lines = lines[:last]
		} else {
			value["open"] = true
		}
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], "\n")
		}
		value["text"] = lines
	}
	if !c.fits(value) {
		return nil
	}
	return value
}

func (c *made) fits(value any) bool {
	v, err := canon.Of(value)
	return err == nil && len(v) <= c.limit
}

// written adds what says which bytes a canonical form was written in.
func (c *made) written(value map[string]any) map[string]any {
	if !c.ruled() {
		value["sha256"], value["size"] = c.raw.hex(), c.raw.size
	}
	return value
}

func (m *maker) jsonValue(c *made) map[string]any {
	if value := c.written(map[string]any{"json": c.json}); c.fits(value) {
		return value
	}
	c.head = nil // the object is read from the source again
	size, sha := c.raw.size, c.raw.hex()
	if c.ruled() {
		size, sha = int64(len(c.json)), canon.Sum([]byte(c.json)).String()
	}
	c.json = ""
	return m.object(c.name, "json", sha, size, c.open)
}

// linesValue reads JSON Lines a second time.
func (m *maker) linesValue(c *made) (map[string]any, error) {
	r, err := c.source.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, all := &prefix{most: c.limit + 1}, newSum()
	if _, err := io.Copy(io.MultiWriter(head, &all), c.rules.JSONLines(c.rules.Lines(r, nil), m.Counts)); err != nil {
		return nil, err
	}
	if all.size <= int64(c.limit) {
		values := []canon.Value{}
		for line := range strings.Lines(string(head.data)) {
			values = append(values, canon.Value(strings.TrimSuffix(line, "\n")))
		}
		if value := c.written(map[string]any{"jsonl": values}); c.fits(value) {
			return value, nil
		}
	}
	c.head = nil
	if !c.ruled() {
		all = c.raw
	}
	return m.object(c.name, "jsonl", all.hex(), all.size, c.open), nil
}
