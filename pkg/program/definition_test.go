package program

import (
	"errors"
	"strings"
	"testing"
)

const definition = `{"kind":"starlark","name":"p","schema":"ers.definition.v2","tasks":[{"cost":{"entropy":0,"ops":1},"lane":"shadow","name":"a","priority":-1,"starlark":{"file":"a.star","source":"def run(ctx):\n    return 1\n","steps":50},"tags":["é"]}]}`

func TestDefinitionRoundTrip(t *testing.T) {
	d, err := DecodeDefinition([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(d.Encode()); got != definition {
		t.Errorf("got  %s\nwant %s", got, definition)
	}
}

func TestDecodeDefinitionIsStrict(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{definition, "", `definition: line 1, column 1: the text ends too early: want a value`},
		{definition, "[]", `definition: want an object, found an array`},
		{"definition.v2", "definition.v3", `definition: unknown schema "ers.definition.v3": this reader knows ers.definition.v2`},
		{`"schema":"ers.definition.v2",`, "", `definition: /schema: missing`},
		{`"name":"p",`, "", `definition: /name: missing`},
		{`"name":"p"`, `"name":"p","more":1`, `definition: /more: unknown field`},
		{`"name":"p"`, `"name": "p"`, `definition: not in canonical form: encode it with ers`},
		{`"name":"p"`, `"name":"ä"`, `definition: name: pipeline name "ä": character 1 is "ä": want only A-Z a-z 0-9 _ -`},
		{`"steps":50`, `"steps":50.0`, `definition: /tasks/0/starlark/steps: want an integer of 64 bits, found a float`},
		{`"steps":50`, `"steps":0`, `definition: tasks/0/steps: steps is 0: want at least 1`},
		{`"ops":1`, `"ops":-1`, `definition: tasks/0/cost/ops: ops of the cost is -1: want 0 or more`},
		{"shadow", "dark", `definition: /tasks/0/lane: unknown lane "dark": want forecast or shadow`},
		{`"a","prio`, `"","prio`, `definition: tasks/0/name: the name is empty: give the task one`},
		{`[{"cost"`, `[],"x":[{"cost"`, `definition: /x: unknown field`},
	} {
		data := strings.Replace(definition, test.from, test.to, 1)
		_, err := DecodeDefinition([]byte(data))
		if err == nil || err.Error() != test.want || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s\n got %v\nwant %s", data, err, test.want)
		}
	}
}

func TestDecodeContextsIsStrict(t *testing.T) {
	for lines, want := range map[string]string{
		"":                      "contexts: line 1, column 1: there are no contexts: want one JSON object a line",
		"{}":                    "contexts: not in canonical form: encode them with ers",
		"{}\r\n":                "contexts: not in canonical form: encode them with ers",
		"{}\n\n":                "contexts: line 2, column 1: the line is empty: want one JSON object a line",
		"{}\n{\"a\": 1}\n":      "contexts: not in canonical form: encode them with ers",
		"{}\n{}\n1\n":           "contexts: line 3, column 1: the context is of type integer: want an object",
		"{\"b\":1,\"a\":1}\n":   "contexts: not in canonical form: encode them with ers",
		"{\"a\":1,\"a\":1}\n":   `contexts: line 1, column 8: the name "a" stands twice in an object`,
		"{}\n{\"a\":\n1}\n{}\n": "contexts: line 2, column 6: the text ends too early: want a value",
	} {
		_, err := DecodeContexts([]byte(lines))
		if err == nil || err.Error() != want || !errors.Is(err, ErrInvalid) {
			t.Errorf("%q:\n got %v\nwant %s", lines, err, want)
		}
	}
	c := mustContexts(t, "{}\n{\"a\":1}\n{\"b\":2}\n")
	if c.Len() != 3 || c.At(0) != "{}" || c.At(1) != `{"a":1}` || c.At(2) != `{"b":2}` {
		t.Errorf("got %d contexts %s %s %s", c.Len(), c.At(0), c.At(1), c.At(2))
	}
}

func mustContexts(t testing.TB, lines string) *Contexts {
	t.Helper()
	c, err := DecodeContexts([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
