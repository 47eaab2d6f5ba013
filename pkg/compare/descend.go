package compare

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// descend follows two different values down to the first place where they differ:
// the first member in canonical key order, the first element. It returns the place
// as an RFC 6901 pointer that begins with pointer, and what stands there; "" where
// one side has no such member or element. It stops above a member whose name would
// make the pointer longer than events.MaxPointer.
func descend(pointer string, a, b canon.Value) (string, canon.Value, canon.Value) {
	at := []byte(pointer)
	for a != "" && b != "" && a.Kind() == b.Kind() && (a.Kind() == canon.Object || a.Kind() == canon.Array) {
		name, childA, childB := firstChild(a, b)
		next := append(append(at, '/'), escape.Replace(name)...)
		if len(next) > events.MaxPointer {
			break
		}
		at, a, b = next, childA, childB
	}
	return string(at), a, b
}

// escape makes a reference token of a member's name.
var escape = strings.NewReplacer("~", "~0", "/", "~1")

// firstChild returns the first member or element that differs, and its name or index.
func firstChild(a, b canon.Value) (string, canon.Value, canon.Value) {
	nextA, stopA := iter.Pull2(children(a))
	defer stopA()
	nextB, stopB := iter.Pull2(children(b))
	defer stopB()
	for {
		nameA, childA, okA := nextA()
		nameB, childB, okB := nextB()
		switch {
		case okA && okB && nameA == nameB:
			if childA != childB {
				return nameA, childA, childB
			}
		case okA && (!okB || nameA < nameB):
			return nameA, childA, ""
		default:
			return nameB, "", childB
		}
	}
}

// children yields members by name, or elements by index.
func children(v canon.Value) iter.Seq2[string, canon.Value] {
	if v.Kind() == canon.Object {
		return v.Members()
	}
	return func(yield func(string, canon.Value) bool) {
		i := 0
		for element := range v.Elements() {
			if !yield(strconv.Itoa(i), element) {
				return
			}
			i++
		}
	}
}

// MaxCanonical is the longest [events.Side].Canonical, in bytes, and the longest
// Error. What is longer is cut to a part around the first byte that differs, with "…"
// where something is left out, and Value is then null: a verdict must fit into a
// message.
const MaxCanonical = 16 << 10

// newSide returns what a run has at the place where it differs from other, what
// another run has there.
func newSide(run int, v, other canon.Value) events.Side {
	s := events.Side{Run: run, Present: v != "", Canonical: cut(string(v), string(other)), Value: canon.Null, After: []events.TraceEvent{}}
	if v != "" && len(v) <= MaxCanonical && v.Standard() && nests(v) {
		s.Value = v
	}
	return s
}

// nests tells whether v can stand as deep in a verdict as Value does: readers bound
// the depth of a document.
func nests(v canon.Value) bool {
	_, err := canon.Of([]any{[]any{[]any{v}}})
	return err == nil
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// cut returns at most MaxCanonical bytes of s, with the first that differs from other
// among them.
func cut(s, other string) string {
	if len(s) <= MaxCanonical {
		return s
	}
	return cutAround(s, commonPrefix(s, other))
}

// cutAround returns at most MaxCanonical bytes of a text longer than that, with byte
// at among them.
func cutAround(s string, at int) string {
	const ellipsis = "…"
	size := MaxCanonical - 2*len(ellipsis)
	from := max(0, min(at-size/2, len(s)-size))
	to := from + size
	for from > 0 && !utf8.RuneStart(s[from]) {
		from++
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to--
	}
	head, tail := "", ""
	if from > 0 {
		head = ellipsis
	}
	if to < len(s) {
		tail = ellipsis
	}
	return head + s[from:to] + tail
}
