package pipeline

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"abraxas.dev/ers/docs"
	"abraxas.dev/ers/pkg/canon"
)

// The files that the schema accepts and Load refuses, with the reason why a schema cannot
// know. Those that are no YAML of ours at all are not among them: an editor says so itself.
var beyondSchema = map[string]string{
	"no tasks key":                            "good for a program in Go",
	"no code":                                 "good for a program in Go",
	"worker of another name":                  "names in different places",
	"worker unused":                           "names in different places",
	"size beyond 64 bits":                     "a product",
	"time below a millisecond":                "a sum of numbers with units",
	"rule not a regular expression":           "another language",
	"tasks from a worker that is not started": "what the worker says",
	"float budget":                            "in JSON Schema 1.0 is an integer",
	"first tick overflows":                    "a sum",
	"task name taken":                         "names in different places",
	"tags too long":                           "a size in bytes of several members together",
	"more ticks than contexts":                "a number and a length",
	"syntax error in a block":                 "Starlark",
	"undefined name in a block":               "Starlark",
	"undefined name in quotes":                "Starlark",
	"no function run":                         "Starlark",
	"run without argument":                    "Starlark",
	"run fails as it is read":                 "Starlark",
	"runaway as it is read":                   "Starlark",
	"load":                                    "Starlark",
	"files that are not there":                "another file",
	"stdin not there":                         "another file",
	"code file missing":                       "another file",
	"code file a folder":                      "another file",
	"error in code file":                      "another file",
	"contexts file missing":                   "another file",
	"broken line of contexts":                 "another file",
	"empty line of contexts":                  "another file",
	"line of contexts not an object":          "another file",
	"no lines of contexts":                    "another file",
	"no paragraph":                            "another file",
}

// pipelineSchema is the published schema.
func pipelineSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(docs.PipelineSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("pipeline.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("pipeline.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance reads a pipeline file as the schema sees it; nil when it is not YAML of ours.
func instance(text string) any {
	l := &log{file: "p.yaml"}
	root := parseYAML(l, text)
	if root == nil || len(l.found) > 0 {
		return nil
	}
	return root.json()
}

func (n *node) json() any {
	switch n.kind {
	case canon.KindNull:
		return nil
	case canon.Bool:
		return n.scalar == "true"
	case canon.Int, canon.Float:
		return json.Number(n.scalar)
	case canon.String:
		return n.text
	case canon.Array:
		list := []any{}
		for _, item := range n.items {
			list = append(list, item.json())
		}
		return list
	}
	object := make(map[string]any)
	for _, m := range n.members {
		object[m.key] = m.value.json()
	}
	return object
}

// A file that is refused is refused by the schema too, where a schema can know.
func TestSchemaRefuses(t *testing.T) {
	schema := pipelineSchema(t)
	seen := 0
	for _, test := range slices.Concat(badFiles, badProcesses) {
		dir := writeFiles(t, test.files)
		text, err := readText(filepath.Join(dir, "p.yaml"), maxPipelineFile)
		if err != nil {
			continue
		}
		document := instance(text)
		if document == nil {
			continue
		}
		err = schema.Validate(document)
		why, beyond := beyondSchema[test.name]
		switch {
		case err == nil && !beyond:
			t.Errorf("%s: the schema accepts what is refused with %s", test.name, test.want)
		case err != nil && beyond:
			t.Errorf("%s: the schema cannot know (%s), and yet refuses: %v", test.name, why, err)
		}
		if beyond {
			seen++
		}
	}
	if seen != len(beyondSchema) {
		t.Errorf("%d of %d files that the schema cannot refuse are there", seen, len(beyondSchema))
	}
}

func TestSchemaAccepts(t *testing.T) {
	schema := pipelineSchema(t)
	accepts := func(name, text string) {
		t.Helper()
		document := instance(text)
		if document == nil {
			t.Errorf("%s: no YAML of ours", name)
		} else if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, file := range exampleFiles(t) {
		text, err := readText(file, maxPipelineFile)
		if err != nil {
			t.Fatal(err)
		}
		accepts(file, text)
	}
	for _, text := range goFiles {
		accepts(text, text)
	}
	accepts("everything", fileIn(everything, "p.yaml"))
	for name, text := range goodFiles {
		if _, err := load("p.yaml", text, noFiles, nil); err != nil {
			t.Errorf("%s is not good: %v", name, err)
		}
		accepts(name, text)
	}
}

// exampleFiles are all pipeline files of the examples, and those that `ers init` writes.
func exampleFiles(t *testing.T) (list []string) {
	t.Helper()
	for _, pattern := range []string{"../../examples/*/*.yaml", "../starter/files/*/pipeline.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		list = append(list, files...)
	}
	return list
}

// goodFiles use every key in every form.
var goodFiles = map[string]string{
	"least":    "name: p\nbudget: {forecast: {ops: 0}, shadow: {ops: 0}}\n" + tasks,
	"contexts": good + tasks + "contexts: [{}, {a: [1, 1.5, null]}]\nticks: 2\nfirst_tick: 9223372036854775805\nruns: 1000\n",
	"budgets":  "name: p\nbudgets:\n  tight: {forecast: {ops: 0}, shadow: {ops: 0}}\n  a_B-9: {forecast: {ops: 1, entropy: 2}, shadow: {ops: 3, entropy: 4}}\n" + tasks,
	"context":  good + tasks + "context: {a: {b: c}}\nticks: 9223372036854775807\n",
	"task": good + `tasks:
- {name: é, lane: shadow, priority: -9223372036854775808, cost: {}, tags: [], steps: 50, starlark: "run = lambda ctx: 1",
   ignore: ["value#json:/a/*", "value#json:/a#line:x"], round: ["value#json:=17", "value#json:/a=1"]}
`,
	"workers": good + `workers:
  a: {command: [python3, ""], env: {A: "", B-c: x}, memory: 512MiB, processes: 64, disk: 1GiB, timeout: 1m30s, network: true, files: []}
  b: {command: [x], memory: 0, processes: 0, disk: 5, timeout: "1.5h", network: false}
tasks:
- {name: a, lane: forecast, worker: a}
- {name: b, lane: forecast, worker: b}
- {name: c, lane: forecast, command: ["true"], ignore: ["file:*.log", "stdout#line:^x", "out/a.json#json:/b"], round: ["stdout#json:/a=12"]}
- name: d
  lane: shadow
  command: {run: [sh, -c, "echo"], pass: [B, A], stdin: "", in_place: true, dir: sub/x, setup: a, probe: b, out: ["*.txt"], as: [stdout=json], expect_exit: 255}
- {name: e, lane: shadow, command: {run: [x], dir: ., timeout: 500ms, memory: "9", env: {}, files: []}}
`,
}

// goFiles are for programs in Go, which have what the files leave out.
var goFiles = []string{
	"{}\n", "runs: 3\n", "budget: {forecast: {ops: 1}, shadow: {ops: 0}}\ncontexts: [{}, {}]\n",
	"budgets: {b: {forecast: {ops: 1}, shadow: {ops: 0}}, a: {forecast: {ops: 2}, shadow: {ops: 0}}}\n",
	"name: p\ntasks:\n- {name: t, lane: forecast, priority: 1, cost: {ops: 1}, tags: [x], ignore: ['value#json:/a'], round: ['value#json:/b=3']}\n",
}

// fileIn returns a file of a txtar archive.
func fileIn(archive, name string) string {
	for _, f := range txtarFiles(archive) {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// What the schema says by default is what is taken where nothing is said.
func TestSchemaDefaults(t *testing.T) {
	var schema struct {
		Properties map[string]struct {
			Default any
		}
		Defs map[string]struct {
			Default    any
			Properties map[string]struct{ Default any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(docs.PipelineSchema, &schema); err != nil {
		t.Fatal(err)
	}
	f := mustLoad(t, good+tasks)
	task := f.Definition.Tasks[0]
	for name, pair := range map[string][2]any{
		"runs":       {float64(f.Runs), schema.Properties["runs"].Default},
		"first_tick": {float64(f.FirstTick), schema.Properties["first_tick"].Default},
		"priority":   {float64(task.Priority), schema.Defs["task"].Properties["priority"].Default},
		"steps":      {float64(task.Starlark.Steps), schema.Defs["task"].Properties["steps"].Default},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v by default, the schema says %v", name, pair[0], pair[1])
		}
	}
}
