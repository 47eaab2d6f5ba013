package archive

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

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
	t       *testing.T
	bus     *bus.Bus
	objects map[string]string // by what is in them
	list    string            // an object that names another
}

func newSite(t *testing.T) *site { return newSiteOn(t, bustest.Open(t)) }

func newSiteOn(t *testing.T, b *bus.Bus) *site {
	s := &site{t: t, bus: b, objects: make(map[string]string)}
	for _, text := range []string{"contexts", "one", "two", "both", "inner"} {
		s.put(text)
	}
	s.list = "a list of " + s.objects["inner"]
	s.put(s.list)
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
	c := service.Config{Bus: s.bus, Kinds: []string{"test"}, Log: zerolog.Nop(), Load: func(_ context.Context, r *events.WindowRequest) (coordinator.Program, error) {
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
	return s.windowOf(pipeline, definition, names, 4)
}

// windowOf is window with so many ticks.
func (s *site) windowOf(pipeline, definition, names string, ticks int64) uint64 {
	s.t.Helper()
	for _, text := range []string{"contexts", definition, names} { // as who submits a pipeline does
		s.put(text)
	}
	key, err := client.Request(s.t.Context(), s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: "test", Pipeline: pipeline,
		DefinitionSHA256: s.objects[definition], ContextsSHA256: s.objects["contexts"], Runs: 3, Ticks: ticks, Reproduce: s.objects[names]})
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
