package e2e

import (
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// wireMap is a MessagePack map taken apart: its fields in their order, which can be changed
// into what no encoder of ours would write.
type wireMap []wireField

type wireField struct {
	name string
	raw  []byte
}

// readMap takes a map apart.
func readMap(t *testing.T, raw []byte) wireMap {
	t.Helper()
	n, rest, err := msgp.ReadMapHeaderBytes(raw)
	fields := make(wireMap, n)
	for i := range fields {
		if err == nil {
			fields[i].name, rest, err = msgp.ReadStringBytes(rest)
		}
		if err == nil {
			var after []byte
			after, err = msgp.Skip(rest)
			fields[i].raw, rest = rest[:len(rest)-len(after)], after
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// readArray takes an array of maps apart.
func readArray(t *testing.T, raw []byte) (list []wireMap) {
	t.Helper()
	n, rest, err := msgp.ReadArrayHeaderBytes(raw)
	for range n {
		var after []byte
		if err == nil {
			after, err = msgp.Skip(rest)
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, readMap(t, rest[:len(rest)-len(after)]))
		rest = after
	}
	return list
}

func (m wireMap) bytes() []byte {
	dst := msgp.AppendMapHeader(nil, uint32(len(m)))
	for _, f := range m {
		dst = append(msgp.AppendString(dst, f.name), f.raw...)
	}
	return dst
}

func joined(list []wireMap) []byte {
	dst := msgp.AppendArrayHeader(nil, uint32(len(list)))
	for _, m := range list {
		dst = append(dst, m.bytes()...)
	}
	return dst
}

// at is where a field stands.
func (m wireMap) at(name string) int {
	for i := range m {
		if m[i].name == name {
			return i
		}
	}
	panic("no field " + name)
}

// raw is what a field has.
func (m wireMap) raw(name string) []byte { return m[m.at(name)].raw }

// with is the map with another value in a field: a []byte as it stands, anything else encoded.
func (m wireMap) with(name string, value any) wireMap {
	c := append(wireMap(nil), m...)
	raw, ok := value.([]byte)
	if !ok {
		var err error
		if raw, err = msgp.AppendIntf(nil, value); err != nil {
			panic(err)
		}
	}
	c[m.at(name)].raw = raw
	return c
}

// without is the map without a field.
func (m wireMap) without(name string) wireMap {
	i := m.at(name)
	return append(append(wireMap(nil), m[:i]...), m[i+1:]...)
}

// more is the map with a field behind its last.
func (m wireMap) more(name string, value any) wireMap {
	return append(append(wireMap(nil), m...), wireField{name: name}).with(name, value)
}
