package audit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// What a command came to, as its task's value has it.

// output is such a value.
type output struct {
	ended    string                    // the exit status or the signal
	contents map[string]*outputContent // stdout, stderr, probe, and those of files under "file:" and their path
	files    map[string]any            // trees by path; nil: there are none, or they are the object allFiles
	allFiles *named
}

// outputContent is the value of one content.
type outputContent struct {
	as     string      // json, jsonl, text or bytes
	inline any         // what stands in the value …
	open   bool        // … of a text whose last line has no newline
	object *named      // … or the object that stands for it, …
	size   json.Number // … and its size
}

var kindsOfContent = []string{"json", "jsonl", "text", "bytes"}

// outputOf reads a value; nil is one that no command came to.
func outputOf(tree any) *output {
	m, ok := tree.(map[string]any)
	if !ok {
		return nil
	}
	o := &output{contents: map[string]*outputContent{}}
	left := len(m)
	if signal, ok := m["signal"]; ok {
		o.ended, _ = signal.(string)
	} else if n, ok := m["exit"].(json.Number); ok {
		if _, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			o.ended = string(n)
		}
	}
	if left--; o.ended == "" {
		return nil
	}
	for _, name := range []string{"stdout", "stderr", "probe"} {
		v, ok := m[name]
		if !ok && name == "probe" {
			continue
		}
		if left--; !o.take(name, v, 0) {
			return nil
		}
	}
	if files, ok := m["files"]; ok {
		if left--; !o.takeFiles(files) {
			return nil
		}
	}
	if left != 0 {
		return nil
	}
	return o
}

// take reads a content beside other members.
func (o *output) take(name string, tree any, others int) bool {
	m, _ := tree.(map[string]any)
	c, members := contentOf(m)
	o.contents[name] = c
	return c != nil && members+others == len(m)
}

// contentOf reads a content and says of how many members it is made; nil is none.
func contentOf(m map[string]any) (c *outputContent, members int) {
	if as, ok := m["as"].(string); ok {
		object := objectOf(m["object"])
		if object == nil || !slices.Contains(kindsOfContent, as) {
			return nil, 0
		}
		return &outputContent{as: as, object: object, size: m["object"].(map[string]any)["size"].(json.Number)}, 2
	}
	for _, as := range kindsOfContent {
		v, ok := m[as]
		if !ok {
			continue
		}
		if c != nil || !isContent(as, v) {
			return nil, 0
		}
		c, members = &outputContent{as: as, inline: v}, 1
	}
	if c == nil {
		return nil, 0
	}
	if c.as == "text" && m["open"] == true {
		c.open, members = true, members+1
	}
	if sha, ok := m["sha256"]; ok && (c.as == "json" || c.as == "jsonl") {
		text, _ := sha.(string)
		size, _ := m["size"].(json.Number)
		if _, err := strconv.ParseInt(string(size), 10, 64); err != nil || !isHash(text) {
			return nil, 0
		}
		members += 2
	}
	return c, members
}

func isContent(as string, v any) bool {
	switch as {
	case "bytes":
		text, ok := v.(string)
		_, err := base64.StdEncoding.Strict().DecodeString(text)
		return ok && err == nil
	case "text":
		lines, ok := v.([]any)
		return ok && !slices.ContainsFunc(lines, func(line any) bool { _, isText := line.(string); return !isText })
	case "jsonl":
		_, ok := v.([]any)
		return ok
	}
	return true
}

// objectOf reads the name of an object; nil is none.
func objectOf(tree any) *named {
	m, _ := tree.(map[string]any)
	_, hasName := m["name"].(string)
	sha, _ := m["sha256"].(string)
	size, _ := m["size"].(json.Number)
	if n, err := strconv.ParseInt(string(size), 10, 64); len(m) != 3 || !hasName || !isHash(sha) || err != nil || n < 0 {
		return nil
	}
	return &named{asOther, sha}
}

func (o *output) takeFiles(tree any) bool {
	m, ok := tree.(map[string]any)
	if _, isObject := m["as"].(string); isObject {
		c, members := contentOf(m)
		if c == nil || members != len(m) {
			return false
		}
		o.allFiles = c.object
		return true
	}
	for path, file := range m {
		if !o.takeFile(path, file) {
			return false
		}
	}
	o.files = m
	return ok
}

func (o *output) takeFile(path string, tree any) bool {
	m, _ := tree.(map[string]any)
	switch m["type"] {
	case "file":
		_, said := m["executable"].(bool)
		return said && o.take("file:"+path, m, 2)
	case "link":
		_, said := m["target"].(string)
		return said && len(m) == 2
	case "folder", "deleted":
		return len(m) == 1
	}
	return false
}

// isExact tells whether read reads the very bytes that are compared, and not JSON in
// canonical form.
func (c *outputContent) isExact() bool { return c.object != nil || c.as == "text" || c.as == "bytes" }

// read reads a content.
func (c *outputContent) read(open func(sha string) (io.ReadCloser, error)) (io.ReadCloser, error) {
	if c.object != nil {
		return open(c.object.sha)
	}
	var text string
	switch c.as {
	case "json":
		text = canonical(c.inline)
	case "bytes":
		data, err := base64.StdEncoding.Strict().DecodeString(c.inline.(string))
		if err != nil {
			return nil, errors.New("it is not base64")
		}
		text = string(data)
	default:
		lines := []string{}
		for _, line := range c.inline.([]any) {
			if s, ok := line.(string); ok && c.as == "text" {
				lines = append(lines, s)
			} else {
				lines = append(lines, canonical(line))
			}
		}
		if len(lines) > 0 && !c.open {
			lines = append(lines, "")
		}
		text = strings.Join(lines, "\n")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}
