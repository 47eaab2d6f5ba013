package canon

import (
	"iter"
	"strconv"
	"strings"
)

// FirstDifference follows two different values down to the first place where they
// differ: the first member in canonical key order, the first element. It returns the
// place as an RFC 6901 pointer that begins with pointer, and what stands there; "" where
// one side has no such member or element. It stops above a member whose name would
// make the pointer longer than longest bytes.
func FirstDifference(pointer string, a, b Value, longest int) (string, Value, Value) {
	at := []byte(pointer)
	for a != "" && b != "" && a.Kind() == b.Kind() && (a.Kind() == Object || a.Kind() == Array) {
		name, childA, childB := firstChild(a, b)
		next := append(append(at, '/'), pointerToken.Replace(name)...)
		if len(next) > longest {
			break
		}
		at, a, b = next, childA, childB
	}
	return string(at), a, b
}

// pointerToken makes a reference token of a member's name.
var pointerToken = strings.NewReplacer("~", "~0", "/", "~1")

// firstChild returns the first member or element that differs, and its name or index.
func firstChild(a, b Value) (string, Value, Value) {
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
func children(v Value) iter.Seq2[string, Value] {
	if v.Kind() == Object {
		return v.Members()
	}
	return func(yield func(string, Value) bool) {
		i := 0
		for element := range v.Elements() {
			if !yield(strconv.Itoa(i), element) {
				return
			}
			i++
		}
	}
}
