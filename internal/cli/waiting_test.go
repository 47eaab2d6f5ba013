package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/hasher"
)

// What is waited for is the service whose turn it is, and it is said again when that
// changes, not when numbers do.
func TestWaitingSaysForWhom(t *testing.T) {
	t.Parallel()
	b := bustest.Connect(t, bustest.NewServer(t).URL())
	f, err := pipeline.Load(filepath.Join("..", "..", "examples", "oracle", "pipeline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	await := func(text string) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			all, err := os.ReadFile(said.Name())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(all), text) == 1 {
				return
			}
			if time.Since(began) > 20*time.Second {
				t.Fatalf("not said once: %q\n%s", text, all)
			}
		}
	}
	w := startWaiting(t.Context(), &streams{err: said}, b, false)
	await("ers: the window is not asked for yet; still trying\n")
	key, err := client.Submit(t.Context(), b, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.forWindow(key)
	await("waits for a coordinator to begin it, and none answers: start ers-coordinator or `ers up` on this server (0 frames, 0 digests, no verdict)\n")
	pool := evaluator.New(evaluator.Config{})
	defer pool.Close()
	stop := bustest.Serve(t, func(ctx context.Context) error {
		return coordinator.New(coordinator.Config{Bus: b, Load: service.Loader(b, pool, exec.Config{}, nil), Log: zerolog.Nop()}).Run(ctx)
	})
	await("waits for a hasher, and none answers: start ers-hasher or `ers up` on this server (108 frames, 0 digests, no verdict)\n")
	stop()
	stop = bustest.Serve(t, func(ctx context.Context) error { return hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run(ctx) })
	await("waits for a gate, and none answers: start ers-gate or `ers up` on this server (108 frames, ")
	stop()
	if text := w.stop(); !strings.Contains(text, "waits for a gate") {
		t.Errorf("at the end: %q", text)
	}
}

// A window that waits for a hasher says how much that has to read first, and the list does too.
func TestWaitingBehindOthers(t *testing.T) {
	t.Parallel()
	b := bustest.Connect(t, bustest.NewServer(t).URL())
	f, err := pipeline.Load(filepath.Join("..", "..", "examples", "oracle", "pipeline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pool := evaluator.New(evaluator.Config{})
	defer pool.Close()
	bustest.Serve(t, func(ctx context.Context) error {
		return coordinator.New(coordinator.Config{Bus: b, Load: service.Loader(b, pool, exec.Config{}, nil), Log: zerolog.Nop()}).Run(ctx)
	})
	hide, err := daemon.Show(b, hasherName, "does nothing", nil)
	if err != nil {
		t.Fatal(err)
	}
	var key events.WindowKey
	for i := range 2 {
		if key, err = client.Submit(t.Context(), b, f, nil); err != nil {
			t.Fatal(err)
		}
		n := 0
		errEnough := errors.New("enough")
		err = b.Follow(t.Context(), events.StreamTrace, "ers.trace."+key.Filter(), 1, func(bus.Message) error {
			if n++; n == 108 {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			t.Fatal(i, err)
		}
	}
	list := func() string {
		var text strings.Builder
		if err := (&listCommand{Last: 20, Outcome: "any"}).list(t.Context(), &streams{out: &text, err: os.Stderr}, b); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	const others = "waits for the hasher, which has 108 frames of others to read first\n"
	if text := list(); strings.Count(text, others) != 1 || strings.Count(text, "waits for the hasher\n") != 1 {
		t.Error(text)
	}
	if err := hide(); err != nil {
		t.Fatal(err)
	}
	if text := list(); strings.Count(text, "waits for a hasher, and none answers: start ers-hasher or `ers up` on this server\n") != 2 {
		t.Error(text)
	}
}

// A --timeout that ends before anything was looked into says which window has no verdict.
func TestTimeoutBeforeAnyLook(t *testing.T) {
	t.Parallel()
	w := startWaiting(t.Context(), &streams{}, nil, false)
	w.forWindow(events.WindowKey{Pipeline: "p", Window: 3, Request: "r"})
	ctx, cancel := (&limit{Timeout: time.Nanosecond}).within(t.Context())
	defer cancel()
	<-ctx.Done()
	for waitedFor, want := range map[string]string{
		w.stop(): "no answer within 1ns (--timeout): window 3 has no verdict yet",
		"":       "no answer within 1ns (--timeout)",
	} {
		if err := outOfTime(ctx, ctx.Err(), waitedFor); err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
