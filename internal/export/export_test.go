package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/export"
	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// tasks is a pipeline in which everything occurs that a task can come to.
type tasks struct{}

func (tasks) Context(int64) canon.Value { return canon.Null }

func (tasks) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	for _, t := range []scheduler.Task{
		{Name: "good, \"quoted\"\nand é", Cost: scheduler.Budget{Ops: 1}, Tags: []string{"a", "b"}, Run: func(_ context.Context, in *scheduler.Input) (any, error) {
			return map[string]any{"tick": in.Tick(), "text": "x,\r\ny"}, nil
		}},
		{Name: "nan", Run: func(_ context.Context, _ *scheduler.Input) (any, error) { return math.NaN(), nil }},
		{Name: "fails", Cost: scheduler.Budget{Entropy: 2}, Run: func(_ context.Context, _ *scheduler.Input) (any, error) {
			return nil, errors.New("made for this\ntest")
		}},
		{Name: "dear", Cost: scheduler.Budget{Ops: 1000}, Run: func(_ context.Context, _ *scheduler.Input) (any, error) { return 1, nil }},
		{Name: "watch", Lane: events.Shadow, Cost: scheduler.Budget{Ops: 1}, Run: func(_ context.Context, _ *scheduler.Input) (any, error) { return true, nil }},
	} {
		if err := s.Add(t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

const (
	runs  = 3
	ticks = 4
)

var errNoProgram = fmt.Errorf("%w: made for this test", coordinator.ErrProgram)

// record runs a window of the tasks through the services and waits until it is on
// ERS_VIZ too. An error of load gives its runs up.
func record(t testing.TB, b *bus.Bus, load error, change ...func(*events.WindowRequest)) (window uint64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- service.Run(ctx, service.Config{Bus: b, Log: zerolog.Nop(),
			Load: func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return tasks{}, load }})
	}()
	nothing := canon.Sum(nil).String()
	budget := events.Budget{Ops: 10, Entropy: 10}
	r := &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing,
		Runs: runs, FirstTick: 9, Ticks: ticks, Budget: events.Budgets{Forecast: budget, Shadow: budget}}
	for _, f := range change {
		f(r)
	}
	key, err := client.Request(ctx, b, r)
	window = key.Window
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("found")
	err = b.Follow(ctx, events.StreamViz, events.StabilitySubject("p", window), 1, func(bus.Message) error { return stop })
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return window
}

func drilled(kind events.DrillKind) func(*events.WindowRequest) {
	return func(r *events.WindowRequest) {
		r.Drill = &events.Drill{Run: 1, Tick: 10, Task: "watch", Kind: kind}
	}
}

func format(t testing.TB, name string) export.Format {
	t.Helper()
	var f export.Format
	if err := f.UnmarshalText([]byte(name)); err != nil {
		t.Fatal(err)
	}
	return f
}

// write exports a window and returns the problems.
func write(t testing.TB, b *bus.Bus, name string, window uint64, run *int, path string, out io.Writer) *export.Window {
	t.Helper()
	w, err := export.Open(t.Context(), b, window, run)
	if err != nil {
		t.Fatal(err)
	}
	f := format(t, name)
	if err := f.Write(t.Context(), w, path, out); err != nil {
		t.Fatal(err)
	}
	return w
}

// files returns the content of all files in a folder by their relative paths.
func files(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	found := make(map[string][]byte)
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(relative)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func decode(t testing.TB, data []byte, into any) {
	t.Helper()
	if !canon.Value(data).IsCanonical() {
		t.Fatalf("not canonical: %s", data)
	}
	if err := events.Decode(data, into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

func sha(data []byte) string { return canon.Sum(data).String() }

// Everything that is written fits together: manifest, index, references and hashes.
func TestAbraxas(t *testing.T) {
	b := bustest.Open(t)
	window := record(t, b, nil, drilled("value"))
	folder := filepath.Join(t.TempDir(), "art")
	if w := write(t, b, "abraxas", window, nil, folder, nil); len(w.Problems) != 0 {
		t.Errorf("%v", w.Problems)
	}
	all := files(t, folder)
	if len(all) != runs*(3+1+4*ticks) {
		t.Errorf("%d files", len(all))
	}
	for run := range runs {
		id := fmt.Sprintf("p-%d-%d", window, run)
		checkManifest(t, all, id)
		for tick := int64(9); tick < 9+ticks; tick++ {
			checkTick(t, all, id, tick)
		}
	}
	again := filepath.Join(t.TempDir(), "art")
	write(t, b, "abraxas", window, nil, again, nil)
	if d := cmp.Diff(all, files(t, again)); d != "" {
		t.Errorf("a second export differs: %s", d)
	}
	one, only := 1, t.TempDir() // an empty folder is taken
	write(t, b, "abraxas", window, &one, only, nil)
	for name, data := range files(t, only) {
		if !bytes.Equal(data, all[name]) || !strings.Contains(name, "-1.") && !strings.Contains(name, "-1/") {
			t.Errorf("%s of one run differs", name)
		}
	}
}

// checkManifest makes sure that a manifest lists all files of its run.
func checkManifest(t *testing.T, all map[string][]byte, id string) {
	t.Helper()
	var m aalviz.Manifest
	decode(t, all["manifests/"+id+".manifest.json"], &m)
	var listed []string
	for i, r := range m.Records {
		data := all[r.Path]
		if sha(data) != r.SHA256 || len(data) != r.Bytes || i > 2 && *r.Tick != 9+int64(i-3)/4 {
			t.Errorf("record %+v", r)
		}
		listed = append(listed, r.Path)
	}
	var found []string
	for name := range all {
		if strings.Contains(name, id) && !strings.HasPrefix(name, "manifests/") {
			found = append(found, name)
		}
	}
	slices.Sort(listed)
	slices.Sort(found)
	if !slices.Equal(listed, found) || !m.Status.Complete {
		t.Errorf("the manifest lists %v, there are %v", listed, found)
	}
	for i := 3; i < len(m.Records); i += 4 {
		for j, kind := range []string{"results_pack", "runindex", "trendpack", "viewpack"} {
			if m.Records[i+j].Kind != kind {
				t.Errorf("record %d is a %s", i+j, m.Records[i+j].Kind)
			}
		}
	}
}

// checkTick follows the index of a tick to everything else.
func checkTick(t *testing.T, all map[string][]byte, id string, tick int64) {
	t.Helper()
	var index aalviz.RunIndex
	decode(t, all[fmt.Sprintf("run_index/%s/%06d.runindex.json", id, tick)], &index)
	for path, want := range map[string]string{
		index.Refs.TrendPack: index.Hashes.TrendPack, index.Refs.ResultsPack: index.Hashes.ResultsPack, index.Refs.ViewPack: index.Hashes.ViewPack,
		index.Refs.RunHeader: index.Hashes.RunHeader, index.Refs.StabilityRef: index.Hashes.StabilityRef,
	} {
		if data, ok := all[path]; !ok || sha(data) != want {
			t.Errorf("%s: hash %s", path, want)
		}
	}
	var pack aalviz.TrendPack
	var results aalviz.ResultsPack
	var view aalviz.ViewPack
	var ref aalviz.StabilityRef
	var stability aalviz.Stability
	decode(t, all[index.Refs.TrendPack], &pack)
	decode(t, all[index.Refs.ResultsPack], &results)
	decode(t, all[index.Refs.ViewPack], &view)
	decode(t, all[index.Refs.StabilityRef], &ref)
	decode(t, all[ref.Path], &stability)
	if sha(all[ref.Path]) != ref.SHA256 || stability.RunID != id || stability.OK || view.Aggregates.Stability.OK || *view.Aggregates.Stability.DivergenceKind != "value" {
		t.Errorf("stability %+v", stability)
	}
	for _, e := range pack.Timeline {
		var meta struct {
			Ref aalviz.ResultRef `json:"result_ref"`
		}
		if err := json.Unmarshal([]byte(e.Meta), &meta); err != nil || meta.Ref.ResultsPack != index.Refs.ResultsPack {
			t.Errorf("meta %s: %v", e.Meta, err)
		}
		if !slices.ContainsFunc(results.Items, func(i aalviz.ResultItem) bool { return i.Task == meta.Ref.Task && i.Result.Status == e.Status }) {
			t.Errorf("no result of %s", e.Task)
		}
	}
	if len(pack.Timeline) != 5 || len(view.Resolved) != 2 || view.Resolved[0].Result.Name != "dear" || view.Resolved[1].Result.Name != "fails" || strings.Contains(string(view.Events[0].Meta), "result_ref") {
		t.Errorf("resolved %+v of %d events", view.Resolved, len(pack.Timeline))
	}
}

// Every event of every run comes back out of the rows.
func TestRows(t *testing.T) {
	b := bustest.Open(t)
	window := record(t, b, nil)
	var lines, table bytes.Buffer
	write(t, b, "jsonl", window, nil, "-", &lines)
	write(t, b, "csv", window, nil, "", &table)
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	list := strings.Split(strings.TrimSuffix(lines.String(), "\n"), "\n")
	if len(list) != runs*ticks*5 || len(rows) != len(list)+1 {
		t.Fatalf("%d lines, %d rows", len(list), len(rows))
	}
	for i, line := range list {
		v, err := canon.Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		for name, member := range v.Members() {
			want := string(member)
			if text, ok := member.Text(); ok && name != "value" {
				want = text
			}
			if name == "error" && member == canon.Null {
				want = ""
			}
			if got := column(rows[i+1], name); got != want {
				t.Errorf("row %d, %s: %q, want %q", i, name, got, want)
			}
		}
	}
	if got := column(rows[3], "task") + column(rows[3], "error"); got != "good, \"quoted\"\nand é" {
		t.Errorf("task %q", got)
	}
}

// Rows end with CR LF, and nothing in a field is changed.
func TestCSVBytes(t *testing.T) {
	b := bustest.Open(t)
	window := record(t, b, nil)
	zero, path := 0, filepath.Join(t.TempDir(), "run.csv")
	write(t, b, "csv", window, &zero, path, nil)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(data), "\r\n")
	if first != "pipeline,window,request,run,tick,index,seq,task,lane,status,cost_ops,cost_entropy,meta,value,error" || !strings.HasSuffix(rest, "\r\n") {
		t.Errorf("%s", data)
	}
	for _, want := range []string{"\"good, \"\"quoted\"\"\nand é\"", "\"made for this\ntest\"\r\n", ",NaN,\r\n"} {
		if !strings.Contains(rest, want) {
			t.Errorf("no %q in %q", want, rest)
		}
	}
	f := format(t, "csv")
	w, err := export.Open(t.Context(), b, window, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), w, path, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("got %v", err)
	}
}

// Nothing is ever there but a whole export: not over what is there, not after an
// error, not half of it.
func TestWholeOrNothing(t *testing.T) {
	b := bustest.Open(t)
	window := record(t, b, nil)
	parent := t.TempDir()
	full := filepath.Join(parent, "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name, format, path string
		ctx                context.Context
		want               string
	}{
		{"not empty", "abraxas", full, t.Context(), "is not empty: give another name or empty it"},
		{"a file", "abraxas", file, t.Context(), "is there already"},
		{"no parent", "abraxas", filepath.Join(parent, "no", "dir"), t.Context(), "make a folder beside"},
		{"no path", "abraxas", "-", t.Context(), "say which"},
		{"stopped", "abraxas", filepath.Join(parent, "stopped"), ended, "context canceled"},
		{"stopped file", "csv", filepath.Join(parent, "stopped.csv"), ended, "context canceled"},
		{"no parent of a file", "jsonl", filepath.Join(parent, "no", "file"), t.Context(), "make a file beside"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := export.Open(t.Context(), b, window, nil)
			if err != nil {
				t.Fatal(err)
			}
			f := format(t, test.format)
			if err := f.Write(test.ctx, w, test.path, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// The runs that cannot be read to their end are named, and the others are written.
func TestIncomplete(t *testing.T) {
	b := bustest.Open(t)
	window := record(t, b, errNoProgram)
	folder := filepath.Join(t.TempDir(), "art")
	w := write(t, b, "abraxas", window, nil, folder, nil)
	if len(w.Problems) != runs || !strings.Contains(w.Problems[0].Error(), "made for this test") {
		t.Errorf("%v", w.Problems)
	}
	all := files(t, folder)
	var m aalviz.Manifest
	decode(t, all[fmt.Sprintf("manifests/p-%d-2.manifest.json", window)], &m)
	if len(all) != runs*4 || m.Status.Complete || m.Status.Problem.Run != 2 || len(m.Records) != 3 {
		t.Errorf("%d files, %+v", len(all), m)
	}
	var lines bytes.Buffer
	if w := write(t, b, "jsonl", window, nil, "", &lines); len(w.Problems) != runs || lines.Len() != 0 {
		t.Errorf("%v, %s", w.Problems, &lines)
	}
}

func TestOpenRefuses(t *testing.T) {
	b := bustest.Open(t)
	nothing := canon.Sum(nil).String()
	key, err := client.Request(t.Context(), b, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: 2, Ticks: 1})
	if err != nil {
		t.Fatal(err)
	}
	window, two := key.Window, 2
	if _, err := export.Open(t.Context(), b, window, &two); err == nil || !strings.Contains(err.Error(), "runs 0 to 1, not 2") {
		t.Errorf("got %v", err)
	}
	if _, err := export.Open(t.Context(), b, window+1, nil); !errors.Is(err, bus.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	w, err := export.Open(t.Context(), b, window, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := format(t, "abraxas")
	if err := f.Write(t.Context(), w, filepath.Join(t.TempDir(), "x"), nil); err == nil || !strings.Contains(err.Error(), "no verdict yet") {
		t.Errorf("got %v", err)
	}
	if err := f.UnmarshalText([]byte("xml")); err == nil || !strings.Contains(err.Error(), "want one of abraxas, csv, html, jsonl, lanes, svg") {
		t.Errorf("got %v", err)
	}
}
