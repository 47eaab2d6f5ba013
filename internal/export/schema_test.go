package export_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// schemasVariable names the folder with the published schemas. They are not part of
// this repository.
const schemasVariable = "ERS_SCHEMAS"

// schemas are the published schemas by what stands before .json in a file's name.
type schemas map[string]*jsonschema.Schema

func loadSchemas(t *testing.T) schemas {
	t.Helper()
	folder := os.Getenv(schemasVariable)
	if folder == "" {
		t.Skipf("set %s to the folder with the published schemas", schemasVariable)
	}
	compiler := jsonschema.NewCompiler()
	loaded := make(schemas)
	for kind, name := range map[string]string{
		"trendpack": "trendpack", "resultspack": "resultspack", "viewpack": "viewpack", "runindex": "runindex",
		"runheader": "runheader", "runstability": "runstability", "stability_ref": "stabilityref",
	} {
		schema, err := compiler.Compile(filepath.Join(folder, name+".v0.schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		loaded[kind] = schema
	}
	return loaded
}

func (s schemas) check(t *testing.T, kind, name string, data []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = s[kind].Validate(document)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, data)
	}
}

// Whatever we write for viewers, on the bus and in files, follows the published
// schemas: of windows that pass, that fail in every way, and that cannot be judged.
func TestAgainstSchemas(t *testing.T) {
	s := loadSchemas(t)
	b := bustest.Open(t)
	latch := func(r *events.WindowRequest) { r.Latch = &events.Latch{Trace: strings.Repeat("0", 64)} }
	windows := []uint64{record(t, b, nil), record(t, b, nil, latch), record(t, b, errNoProgram)}
	for _, kind := range events.DrillKinds {
		windows = append(windows, record(t, b, nil, drilled(kind)))
	}
	for _, window := range windows {
		folder := filepath.Join(t.TempDir(), "art")
		write(t, b, "abraxas", window, nil, folder, nil)
		for name, data := range files(t, folder) {
			_, kind, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".json"), ".")
			if kind == "manifest" { // has no schema
				continue
			}
			s.check(t, kind, name, data)
		}
	}
	n := 0
	for filter, kind := range map[string]string{events.TrendPackSubjects: "trendpack", events.StabilitySubjects: "runstability"} {
		for m, err := range b.Read(t.Context(), events.StreamViz, filter, 1, 0) {
			if err != nil {
				t.Fatal(err)
			}
			s.check(t, kind, m.Subject, m.Data)
			n++
		}
	}
	if want := len(windows) + ticks*(len(windows)-1+len(events.DrillKinds)); n != want {
		t.Errorf("%d messages, want %d", n, want)
	}
}
