package pipeline

import (
	"errors"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/program"
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
	for _, test := range badProcesses {
		if !strings.Contains(test.files, "file") { // globs would take the fuzzer far
			f.Add(test.files)
		}
	}
	for _, s := range []string{"a: &a [*a]", "? a\n: b", "a: !!set {x}", "- - - a", "{a: {b: [}", "a: |2-\n   x\n", "a: >\n", "&a a: 1", "a:\n  - b\n -c", "\"\\x", "*-0", "&{0", "!!str : v"} {
		f.Add(good + tasks + "context:\n  " + s + "\n")
		f.Add(s)
	}
	schema := pipelineSchema(f)
	f.Fuzz(func(t *testing.T, text string) {
		text, err := cleanText("p.yaml", text, 1<<16)
		if err != nil {
			return
		}
		file, err := load("p.yaml", text, noFiles, nil)
		if err != nil {
			if !errors.Is(err, program.ErrInvalid) || !strings.HasPrefix(err.Error(), "p.yaml:") {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		if err := schema.Validate(instance(text)); err != nil {
			t.Errorf("the schema refuses what is good: %v", err)
		}
		if err := file.Check(); err != nil {
			t.Error(err)
		}
		d, err := program.DecodeDefinition(file.Definition.Encode())
		if err != nil || d.SHA256() != file.Definition.SHA256() {
			t.Errorf("definition %s came back as %v, %v", file.Definition.Encode(), d, err)
		}
		c, err := program.DecodeContexts(file.Contexts.Encode())
		if err != nil || c.SHA256() != file.Contexts.SHA256() {
			t.Errorf("contexts %s came back as %v, %v", file.Contexts.Encode(), c, err)
		}
	})
}
