package docs

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
)

// documents are the types that travel on the bus as JSON.
var documents = []reflect.Type{
	reflect.TypeFor[events.WindowRequest](), reflect.TypeFor[events.TraceEvent](), reflect.TypeFor[events.Digest](),
	reflect.TypeFor[events.Verdict](), reflect.TypeFor[events.Control](), reflect.TypeFor[events.Void](), reflect.TypeFor[events.Handout](), reflect.TypeFor[events.Object](),
	reflect.TypeFor[events.Pruned](), reflect.TypeFor[events.Archive](),
	reflect.TypeFor[program.Definition](),
}

// member is a field of a document type as JSON has it.
type member struct {
	name     string
	optional bool
}

func members(of reflect.Type) []member {
	var list []member
	for _, f := range reflect.VisibleFields(of) {
		if name, option, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			list = append(list, member{name, option == "omitempty"})
		}
	}
	slices.SortFunc(list, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return list
}

// collect adds the struct types that a type's JSON is made of.
func collect(of reflect.Type, found map[string]reflect.Type) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || found[of.Name()] != nil {
		return
	}
	found[of.Name()] = of
	for _, f := range reflect.VisibleFields(of) {
		if f.Tag.Get("json") != "" {
			collect(f.Type, found)
		}
	}
}

// Every field of every document stands in its table, every row is a field, and what
// is optional is said to be.
func TestFieldTables(t *testing.T) {
	m := readSubjects(t)
	found := map[string]reflect.Type{}
	for _, of := range documents {
		collect(of, found)
	}
	tables := map[string]bool{"fields frame": true, "fields result": true}
	for name, of := range found {
		tables["fields "+name] = true
		rows := documented(m.table(t, "fields "+name))
		slices.SortFunc(rows, func(a, b member) int { return strings.Compare(a.name, b.name) })
		if want := members(of); !slices.Equal(rows, want) {
			t.Errorf("table of %s has %v, the type %v", name, rows, want)
		}
	}
	for mark := range m.tables {
		if strings.HasPrefix(mark, "fields ") && !tables[mark] {
			t.Errorf("table %q is of no document", mark)
		}
	}
}

func documented(rows [][]string) []member {
	var list []member
	for _, row := range rows {
		list = append(list, member{code(row[0])[0], strings.Contains(row[1], "optional")})
	}
	return list
}

// The tables of what MessagePack carries are in the order of the bytes.
func TestFrameTables(t *testing.T) {
	m := readSubjects(t)
	frame := names(documented(m.table(t, "fields frame")))
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(frame), func(name string) bool { return slices.Contains(names, name) })
	}
	for mark, want := range map[string][]string{
		"json frame":           without("objects", "surroundings", "end", "abandoned", "difference"),
		"json frame abandoned": without("objects", "surroundings", "end", "difference"),
	} {
		if keys := topKeys(m.block(t, mark), ""); !slices.Equal(keys, want) {
			t.Errorf("%s has %v, the table %v", mark, keys, want)
		}
	}
	result := canon.Value(`{"error":null,"status":"ok","task":"a","value":1}`)
	event, err := events.AppendEvent(nil, &events.TraceEvent{Meta: "{}"})
	if err != nil {
		t.Fatal(err)
	}
	for mark, v := range map[string]canon.Value{"fields result": result, "fields TraceEvent": canon.Value(event)} {
		var keys []string
		for key := range v.Members() {
			keys = append(keys, key)
		}
		if table := names(documented(m.table(t, mark))); !slices.Equal(keys, table) {
			t.Errorf("the order is %v, in the table %v", keys, table)
		}
	}
	if one, err := events.AppendResult(nil, &events.TaskResult{Name: "a", Value: "1"}); err != nil || string(one) != string(result) {
		t.Errorf("a result is %s (%v)", one, err)
	}
}

func names(list []member) []string {
	var all []string
	for _, m := range list {
		all = append(all, m.name)
	}
	return all
}

// topKeys finds the keys of an object that is broken into lines, in their order.
func topKeys(text, indent string) []string {
	var keys []string
	for _, found := range regexp.MustCompile(`(?m)^`+indent+`  "(\w+)": `).FindAllStringSubmatch(text, -1) {
		keys = append(keys, found[1])
	}
	return keys
}

func TestKindsAndLimits(t *testing.T) {
	m := readSubjects(t)
	var kinds []string
	for _, row := range m.table(t, "kinds") {
		kinds = append(kinds, code(row[0])[0])
	}
	if want := constants(t, "pkg/events", "DivergenceKind"); !slices.Equal(slices.Sorted(slices.Values(kinds)), want) {
		t.Errorf("kinds of divergence: %v, in the code %v", kinds, want)
	}
	for _, kind := range events.DrillKinds {
		if kind == "latch" || !slices.Contains(kinds, string(kind)) {
			t.Errorf("drill kind %s is latch, or not a kind of divergence", kind)
		}
	}
	for what, want := range map[string]string{
		"runs of a window":   fmt.Sprintf("integer, %d to %d", events.MinRuns, events.MaxRuns),
		"number of a run":    fmt.Sprintf("0 to %d", events.MaxRuns-1),
		"pipeline name":      fmt.Sprintf("1 to %d of `A-Z a-z 0-9 _ -`", events.MaxPipelineName),
		"frame version":      fmt.Sprintf("| `v` | integer, %d |", events.FrameVersion),
		"window schema":      "| `schema` | `" + events.WindowSchema + "` |",
		"digest schema":      "| `schema` | `" + events.DigestSchema + "` |",
		"verdict schema":     "| `schema` | `" + events.VerdictSchema + "` |",
		"definition schema":  "| `schema` | `" + program.DefinitionSchema + "` |",
		"scheme":             "| `scheme` | `" + canon.Scheme + "` |",
		"size of a value":    fmt.Sprintf("at most %d KiB in canonical form", scheduler.MaxValue>>10),
		"size of an error":   fmt.Sprintf("at most %d KiB and `…`", scheduler.MaxErrorText>>10),
		"nesting":            fmt.Sprintf("nested at most %d deep", canon.MaxDepth),
		"size of a side":     fmt.Sprintf("of more than %d KiB", compare.MaxCanonical>>10),
		"groups looked up":   fmt.Sprintf("looked up for %d groups,", compare.MaxExplained),
		"bucket of objects":  "`" + events.BucketObjects + "` is a bucket",
		"subject of a gate":  "`" + strings.Replace(events.GateSubjects, "*", "<outcome>", 1) + "`",
		"subject of windows": "`" + strings.Replace(strings.Replace(events.WindowSubjects, "*", "<kind>", 1), "*", "<pipeline>", 1) + "`",
	} {
		if !strings.Contains(m.text, want) {
			t.Errorf("%s: none of %s says %q", what, m.files, want)
		}
	}
}

// constants returns the values of the string constants of a type, sorted.
func constants(t *testing.T, folder, of string) []string {
	t.Helper()
	var list []string
	for _, file := range parse(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == of {
				for _, v := range spec.Values {
					list = append(list, strings.Trim(v.(*ast.BasicLit).Value, `"`))
				}
			}
			return false
		})
	}
	slices.Sort(list)
	return list
}

// parse reads the Go files of a folder.
func parse(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// The counters are those that the services show.
func TestCounters(t *testing.T) {
	m := readSubjects(t)
	rows := map[string][]string{}
	for _, row := range m.table(t, "stats") {
		rows[code(row[0])[0]] = code(row[1])
	}
	shown := map[string]map[string]int64{"ers-coordinator": new(coordinator.Stats).Counters(), "ers-hasher": new(hasher.Stats).Counters(),
		"ers-gate": new(feed.Stats).Beside(new(gate.Stats).Counters())}
	if len(rows) != len(shown) {
		t.Errorf("%d services in the table", len(rows))
	}
	for service, counters := range shown {
		if keys := slices.Collect(maps.Keys(counters)); !sameSet(keys, rows[service]) {
			t.Errorf("%s counts %v, the table has %v", service, keys, rows[service])
		}
	}
	if found := topKeys(pretty(t, []byte(m.block(t, "json stats ers-gate")), strings.Repeat(" ", lineWidth)), strings.Repeat(" ", lineWidth)); !sameSet(found, rows["ers-gate"]) {
		t.Errorf("the example of ers-gate counts %v", found)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
