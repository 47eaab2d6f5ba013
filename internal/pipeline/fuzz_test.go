package pipeline

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// FuzzLoad: whatever stands in a pipeline file, the answer is a pipeline that
// survives the bus, or one error that names the file.
func FuzzLoad(f *testing.F) {
	f.Add(good + tasks)
	for _, test := range badFiles {
		if len(test.files) < 4096 {
			f.Add(test.files)
		}
	}
	for _, s := range []string{"a: &a [*a]", "? a\n: b", "a: !!set {x}", "- - - a", "{a: {b: [}", "a: |2-\n   x\n", "a: >\n", "&a a: 1", "a:\n  - b\n -c", "\"\\x", "*-0", "&{0", "!!str : v"} {
		f.Add(good + tasks + "context:\n  " + s + "\n")
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text, err := cleanText("p.yaml", text, 1<<16)
		if err != nil {
			return
		}
		file, err := load("p.yaml", text, noFiles)
		if err != nil {
			if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), "p.yaml:") {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		if err := file.Check(); err != nil {
			t.Error(err)
		}
		d, err := DecodeDefinition(file.Definition.Encode())
		if err != nil || d.SHA256() != file.Definition.SHA256() {
			t.Errorf("definition %s came back as %v, %v", file.Definition.Encode(), d, err)
		}
		c, err := DecodeContexts(file.Contexts.Encode())
		if err != nil || c.SHA256() != file.Contexts.SHA256() {
			t.Errorf("contexts %s came back as %v, %v", file.Contexts.Encode(), c, err)
		}
	})
}

func FuzzDecodeDefinition(f *testing.F) {
	f.Add([]byte(definition))
	f.Add([]byte(strings.Replace(definition, "return 1", "return (", 1)))
	f.Add([]byte(`{"schema":"ers.definition.v2"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := DecodeDefinition(data)
		if err != nil {
			return
		}
		if got := d.Encode(); !bytes.Equal(got, data) {
			t.Errorf("%s came back as %s", data, got)
		}
		if _, err := d.Compile(); err != nil {
			t.Error(err)
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
