package docs

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/docs"
	"abraxas.dev/ers/internal/pipeline"
)

const pipelineFile = "docs/pipeline-file.md"

// schemaPart is what the tests look at of the schema.
type schemaPart struct {
	Required   []string
	Properties map[string]*schemaPart
	Default    any
	Defs       map[string]*schemaPart `json:"$defs"`
	Then       *schemaPart
	Additional any `json:"additionalProperties"`
}

// The tables of the page have the keys of the schema, and say by default what it says.
func TestPipelineKeys(t *testing.T) {
	var schema schemaPart
	if err := json.Unmarshal(docs.PipelineSchema, &schema); err != nil {
		t.Fatal(err)
	}
	schema.Required = schema.Then.Required // of a file that is for no program in Go
	worker := schemaPart{}
	recode(t, schema.Properties["workers"].Additional, &worker)
	command := schema.Defs["command"].Then
	of := maps.Clone(command.Properties)
	for key := range worker.Properties {
		delete(of, key) // which the page says once
	}
	command.Properties = of
	page := readMarkdown(t, pipelineFile)
	for mark, part := range map[string]*schemaPart{
		"pipeline": &schema, "budget": schema.Defs["budget"], "task": schema.Defs["task"], "worker": &worker, "command": command,
	} {
		var keys []string
		for _, row := range page.table(t, "keys: "+mark) {
			key := code(row[0])[0]
			keys = append(keys, key)
			if key := part.Properties[key]; key != nil && key.Default != nil && !saysDefault(row[2], key.Default) {
				t.Errorf("%s, %s: %q where the schema has the default %v", mark, row[0], row[2], key.Default)
			}
			if mark != "budget" && slices.Contains(part.Required, key) != (row[2] == "a mistake") {
				t.Errorf("%s, %s: %q, and required by the schema: %t", mark, row[0], row[2], slices.Contains(part.Required, key))
			}
		}
		slices.Sort(keys)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(part.Properties)), keys); diff != "" {
			t.Errorf("%s: -schema +page\n%s", mark, diff)
		}
	}
}

func saysDefault(cell string, value any) bool {
	switch v := value.(type) {
	case float64:
		return strings.Contains(cell, fmt.Sprintf("%.0f", v))
	case []any:
		return cell == "none"
	case map[string]any:
		return cell == "`{}`" || cell == "none"
	case string:
		return v == "" || strings.Contains(cell, "`"+v+"`")
	}
	return strings.Contains(cell, fmt.Sprint(value))
}

func recode(t *testing.T, from, to any) {
	t.Helper()
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The pipeline that the page begins with is one.
func TestPipelineExample(t *testing.T) {
	_, text, _ := strings.Cut(readFile(t, pipelineFile), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	dir := t.TempDir()
	for name, data := range map[string]string{"pipeline.yaml": text, "notes.md": "one\n\ntwo\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := pipeline.Load(filepath.Join(dir, "pipeline.yaml")); err != nil || f.Ticks != 2 {
		t.Errorf("%v", err)
	}
}
