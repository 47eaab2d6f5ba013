package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/audit"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// program is a pipeline in Go whose results name an object.
type program struct{ names string }

func (program) Context(int64) canon.Value { return canon.Null }

func (p program) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	return s, s.Add(scheduler.Task{Name: "a", Run: func(context.Context, *scheduler.Input) (any, error) { return p.names, nil }})
}

// site is a server with services and windows.
type site struct {
	t        *testing.T
	bus      *bus.Bus
	contexts string
	objects  map[string]string // by what is in them
}

func newSite(t *testing.T) *site {
	s := &site{t: t, bus: bustest.Open(t), objects: make(map[string]string)}
	for _, text := range []string{"contexts", "one", "two", "both", "inner"} {
		s.put(text)
	}
	s.objects["list"] = s.put("a list of " + s.objects["inner"])
	return s
}

func (s *site) put(text string) string {
	sha, err := s.bus.PutObject(s.t.Context(), []byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	s.objects[text] = sha
	return sha
}

// services runs the services until the function that it returns is called.
func (s *site) services() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	c := service.Config{Bus: s.bus, Log: zerolog.Nop(), Load: func(_ context.Context, r *events.WindowRequest) (coordinator.Program, error) {
		return program{r.Reproduce}, nil
	}}
	go func() { done <- service.Run(ctx, c) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	}
}

// window asks for a window whose values name an object, and waits until all of it is there.
func (s *site) window(pipeline, definition, names string) uint64 {
	s.t.Helper()
	key, err := client.Request(s.t.Context(), s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: pipeline,
		DefinitionSHA256: s.objects[definition], ContextsSHA256: s.objects["contexts"], Runs: 3, Ticks: 4, Reproduce: s.objects[names]})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, _, err := client.Verdict(s.t.Context(), s.bus, key); err != nil {
		s.t.Fatal(err)
	}
	shown := errors.New("shown")
	err = s.bus.Follow(s.t.Context(), events.StreamViz, events.StabilitySubject(pipeline, key.Window), 1, func(bus.Message) error { return shown })
	if err != shown {
		s.t.Fatal(err)
	}
	return key.Window
}

// archive makes an archive and opens it.
func (s *site) archive(c Choice) (*Archive, string) {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "archive")
	if _, out, err := Write(s.t.Context(), s.bus, dir, c, nil); err != nil {
		s.t.Fatal(err, out)
	}
	return s.open(dir), dir
}

func (s *site) open(dir string) *Archive {
	s.t.Helper()
	a, err := Open(s.t.Context(), embedded.Config{StoreDir: dir}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return a
}

// wantObjects wants exactly these objects to be there.
func (s *site) wantObjects(texts ...string) {
	s.t.Helper()
	for text, sha := range s.objects {
		_, err := s.bus.GetObject(s.t.Context(), sha)
		want := false
		for _, t := range texts {
			want = want || t == text
		}
		if (err == nil) != want || err != nil && !errors.Is(err, bus.ErrNotFound) {
			s.t.Errorf("object %q: wanted %t, %v", text, want, err)
		}
	}
}

// messages counts what is there of a window in the streams that are pruned.
func (s *site) messages(window uint64) (n int) {
	s.t.Helper()
	for _, stream := range events.PrunedStreams {
		for m, err := range s.bus.Read(s.t.Context(), stream, "", 1, 0) {
			if err != nil {
				s.t.Fatal(err)
			}
			if of, _ := windowOf(&m); of.window == window {
				n++
			}
		}
	}
	return n
}

// An archive has what the server has, and what was changed or cut is found.
func TestWrite(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", "list")
	two := s.window("q", "two", "both")
	stop()
	a, dir := s.archive(Choice{Before: two + 1})
	if len(a.Windows) != 2 || a.Windows[0].Window != one || a.Windows[0].Outcome != events.Pass {
		t.Fatalf("%+v", a.Windows)
	}
	if n := len(a.Windows[0].Objects); n != 4 { // definition, contexts, list and what it lists
		t.Errorf("%d objects: %v", n, a.Windows[0].Objects)
	}
	if err := a.Check(t.Context(), s.bus, nil); err != nil {
		t.Error(err)
	}
	if _, _, err := Write(t.Context(), s.bus, dir, Choice{Before: 9}, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("written twice: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	b, _ := s.archive(Choice{Windows: []uint64{two}})
	if len(b.Windows) != 1 || b.Check(t.Context(), s.bus, nil) != nil {
		t.Errorf("%+v", b.Windows)
	}
}

// A late message of a window keeps it from being pruned, and a changed archive is refused.
func TestCheckFinds(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", "list")
	stop()
	a, dir := s.archive(Choice{Before: one + 1})

	file := filepath.Join(dir, events.ArchiveName)
	manifest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{`"outcome":"pass"`, `"outcome":"fail"`}, {`"messages":12,`, `"messages":11,`}, {a.Windows[0].VerdictSHA256, a.Windows[0].Request}} {
		text := strings.Replace(string(manifest), change[0], change[1], 1)
		if text == string(manifest) {
			t.Fatalf("the manifest has no %s: %s", change[0], manifest)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Prune(t.Context(), s.bus, s.open(dir), dir, Bounds{}); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	if err := os.WriteFile(file, append(manifest, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), "not canonical") {
		t.Errorf("%v", err)
	}

	subject := events.TraceSubject(events.RunKey{Pipeline: "p", Window: one})
	m, err := s.bus.Last(t.Context(), events.StreamTrace, subject)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.bus.Append(t.Context(), subject, m.Seq, []byte("late")); err != nil {
		t.Fatal(err)
	}
	if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); !errors.Is(err, ErrDiffers) {
		t.Errorf("a late frame: %v", err)
	}
	if n := s.messages(one); n == 0 {
		t.Error("it was freed")
	}
}

// auditOf audits and wants nothing to be wrong.
func auditOf(t *testing.T, b *bus.Bus, what string) *audit.Report {
	t.Helper()
	r, err := audit.Run(t.Context(), b, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.New > 0 {
		t.Errorf("%s: %s", what, r.AppendText(nil))
	}
	return r
}

// Pruned windows are gone but for request, verdict and tombstone; what others need stays, and
// nothing is run or judged again, whatever is started anew.
func TestPrune(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", "list")
	two := s.window("p", "two", "both")
	stop()
	a, dir := s.archive(Choice{Windows: []uint64{one}})
	done, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
	if err != nil || len(done.Windows) != 1 || done.Objects != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	s.wantObjects("contexts", "two", "both")
	if n := s.messages(one); n != 0 {
		t.Errorf("%d messages of window %d are left", n, one)
	}
	if s.messages(two) == 0 {
		t.Error("the other window is gone")
	}
	if err := a.Check(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
	again, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
	if err != nil || len(again.Windows) != 0 || again.Already != 1 || again.Objects != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	// The queue gives every window out again.
	s.everythingAgain()
	stop = s.services()
	three := s.window("p", "two", "both")
	stop()
	if n := s.messages(one); n != 0 {
		t.Errorf("%d messages of window %d are there again", n, one)
	}
	if _, out, err := Write(t.Context(), s.bus, filepath.Join(t.TempDir(), "b"), Choice{Windows: []uint64{one}}, nil); !errors.Is(err, ErrNone) || !strings.Contains(fmt.Sprint(out), "archived already") {
		t.Errorf("archived twice: %v, %v", out, err)
	}
	c, _ := s.archive(Choice{Before: three + 1})
	if len(c.Windows) != 2 {
		t.Errorf("%+v", c.Windows)
	}
	auditOf(t, s.bus, "the rest")
}

// everythingAgain removes the consumers of the coordinators, so that every request and cancel
// is handed out again.
func (s *site) everythingAgain() {
	stream, err := s.bus.JetStream().Stream(s.t.Context(), events.StreamWindow)
	if err != nil {
		s.t.Fatal(err)
	}
	removed := 0
	names := stream.ConsumerNames(s.t.Context())
	for name := range names.Name() {
		if err := stream.DeleteConsumer(s.t.Context(), name); err != nil {
			s.t.Fatal(err)
		}
		removed++
	}
	if removed == 0 || names.Err() != nil {
		s.t.Fatalf("%d consumers removed, %v", removed, names.Err())
	}
}
