// Package content says what bytes are, and where two contents first differ, without
// holding them in memory.
//
// Bytes are one of four things ([As]): one JSON text, JSON Lines, text, or bytes. A
// [Detector] is written the bytes and tells. [Diff] reads two contents side by side up to
// the first place where they differ, and names it as what the contents are: JSON by
// pointer, JSON Lines by line and pointer, text by line and column, bytes by offset.
//
// The memory taken does not grow with the contents: a JSON text, and a line of JSON
// Lines, is looked at as such up to [MaxJSON] bytes.
//
// The package is pure: it imports no net, os, time or rand. What it says depends on the
// bytes alone, not on how they were cut into reads.
package content

import "fmt"

// As is what bytes are looked at as.
type As string

const (
	JSON  As = "json"  // one JSON text that is an object or an array, at most MaxJSON bytes
	JSONL As = "jsonl" // two lines or more, each an object or an array, no line empty
	Text  As = "text"  // UTF-8 without NUL
	Bytes As = "bytes" // anything
)

// kinds are all that there are.
var kinds = [...]As{JSON, JSONL, Text, Bytes}

// ParseAs reads the name of a kind.
func ParseAs(s string) (As, error) {
	for _, a := range kinds {
		if s == string(a) {
			return a, nil
		}
	}
	return "", fmt.Errorf("unknown kind of content %q: want json, jsonl, text or bytes", s)
}

// Name is the kind as people call it.
func (a As) Name() string {
	switch a {
	case JSON:
		return "JSON"
	case JSONL:
		return "JSON Lines"
	}
	return string(a)
}

// MaxJSON is the longest JSON text, and the longest line of JSON Lines, in bytes. What
// is longer is text.
const MaxJSON = 8 << 20

// MaxDepth is how deep JSON may nest. What is deeper is text: the value must find room
// inside another one.
const MaxDepth = 500
