package program

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzDecodeDefinition(f *testing.F) {
	f.Add([]byte(definition))
	f.Add([]byte(strings.Replace(definition, "return 1", "return (", 1)))
	f.Add([]byte(`{"schema":"ers.definition.v3"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := DecodeDefinition(data)
		if err != nil {
			return
		}
		if got := d.Encode(); !bytes.Equal(got, data) {
			t.Errorf("%s came back as %s", data, got)
		}
	})
}

func FuzzDecodeContexts(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\"a\":1}\n{\"b\":[1.0,\"é\"]}\n"))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeContexts(data)
		if err != nil {
			return
		}
		var lines []byte
		for i := range c.Len() {
			lines = append(append(lines, c.At(int64(i))...), '\n')
		}
		if !bytes.Equal(lines, data) || !bytes.Equal(c.Encode(), data) {
			t.Errorf("%q came back as %q", data, lines)
		}
	})
}
