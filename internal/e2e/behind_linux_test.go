package e2e

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	confine "abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

var behindFrames = flag.Int64("behind", 20_000, "frames that a hasher is behind")

const behindRuns = 4

// A hasher that is far behind catches up by itself, in the order of the stream and in as
// little memory as one that is not behind. Meanwhile commands say what is waited for.
func TestHasherBehind(t *testing.T) {
	t.Parallel()
	scene := newSceneOf(t, patience+time.Duration(*behindFrames)*slower*time.Millisecond)
	s := scene.connect(bustest.NewServer(t).URL())
	bustest.Serve(t, func(ctx context.Context) error {
		return coordinator.New(coordinator.Config{Bus: s.bus, Log: zerolog.Nop(), Load: func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
			return ticker{}, nil
		}}).Run(ctx)
	})
	s.start("ers-gate")
	hasher := s.start("ers-hasher")
	ticks := *behindFrames / behindRuns
	began := time.Now()
	s.passes(s.request(ticks))
	kept := confine.Peak(hasher.cmd.Process.Pid)
	t.Logf("%d frames with a hasher beside: %v, its peak %d MiB", *behindFrames, time.Since(began).Round(time.Millisecond), kept>>20)
	hasher.kill()

	large, little := s.request(ticks), events.WindowKey{}
	s.awaitFrames(large, *behindFrames)
	little = s.request(2)
	s.awaitFrames(little, 2*behindRuns)
	if out, err := command("ers", "list", "--nats", s.url).CombinedOutput(); err != nil || strings.Count(string(out), "waits for a hasher, and none answers: start ers-hasher") != 2 {
		t.Errorf("ers list: %v\n%s", err, out)
	}
	wait := command("ers", "wait", "--window", fmt.Sprint(little.Window), "--nats", s.url)
	waiting := s.launch("ers wait", wait)
	waiting.asked.Store(true) // it ends when it has the verdict
	waiting.awaitLog("waits for a hasher, and none answers")

	began = time.Now()
	hasher = s.start("ers-hasher")
	s.passes(little)
	s.passes(large)
	behind := confine.Peak(hasher.cmd.Process.Pid)
	t.Logf("%d frames behind: caught up in %v, its peak %d MiB", *behindFrames, time.Since(began).Round(time.Millisecond), behind>>20)
	if behind > 2*kept {
		t.Errorf("a hasher that is behind takes %d MiB, one that is not %d MiB", behind>>20, kept>>20)
	}
	<-waiting.exited
	if code := waiting.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("ers wait: exit code %d", code)
	}
	if before := s.coveredBefore(little, large); before < *behindFrames*9/10 {
		t.Errorf("the small window was hashed after %d frames of the one before it", before)
	}
}

// request asks for a window of the one task.
func (s *system) request(ticks int64) events.WindowKey {
	s.t.Helper()
	sha := strings.Repeat("0", 64)
	key, err := client.Request(s.ctx, s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p",
		DefinitionSHA256: sha, ContextsSHA256: sha, Runs: behindRuns, Ticks: ticks})
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

func (s *system) passes(key events.WindowKey) {
	s.t.Helper()
	v, _, err := client.Verdict(s.ctx, s.bus, key)
	if err != nil {
		s.t.Fatalf("%v: %v", err, context.Cause(s.ctx))
	}
	if v.Outcome != events.Pass {
		s.t.Errorf("window %d: %s: %v %v", key.Window, v.Outcome, v.Divergence, v.Problems)
	}
}

// awaitFrames waits until so many frames of a window are there.
func (s *system) awaitFrames(key events.WindowKey, frames int64) {
	s.t.Helper()
	n := int64(0)
	s.awaitMessage(events.StreamTrace, "ers.trace."+key.Filter(), func(bus.Message) bool {
		n++
		return n == frames
	})
}

// coveredBefore is how many frames of a window have digests before the first of another one.
func (s *system) coveredBefore(little, large events.WindowKey) (n int64) {
	s.t.Helper()
	s.awaitMessage(events.StreamDigest, "", func(m bus.Message) bool {
		d := decodeDigest(s.t, m)
		if d.Window == large.Window {
			n += int64(len(d.Covers))
		}
		return d.Window == little.Window
	})
	return n
}

// ticker is a program with a task that does nothing.
type ticker struct{}

func (ticker) Context(int64) canon.Value { return canon.Null }

func (ticker) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	return s, s.Add(scheduler.Task{Name: "t", Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Tick(), nil }})
}
