package e2e

import (
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"testing"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// Three processes come to the same verdict as one, and as the command for people.
func TestThreeProcesses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*pipelineFixture{"pass": small, "fail": drilled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t)
			s.startAll()
			s.checkWindow(p, s.submit(p))
		})
	}
	t.Run("ers run", func(t *testing.T) {
		t.Parallel()
		out, err := command("ers", "run", "-f", small.write(t), "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		var v events.Verdict
		if err := events.Decode(out, &v); err != nil {
			t.Fatal(err)
		}
		if got, want := normal(t, &v), small.undisturbed(t); string(got) != string(want) || v.Outcome != events.Pass {
			t.Errorf("verdict:\n%s\nwant\n%s", got, want)
		}
	})
}

// Two of each service share the work and agree.
func TestTwoOfEach(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	first, second := s.startAll(), s.startAll()
	for _, all := range []map[string]*process{first, second} {
		for _, p := range all {
			p.awaitLog(`"started"`)
		}
	}
	var windows []uint64
	for range 4 {
		windows = append(windows, s.submit(small))
	}
	windows = append(windows, s.submit(drilled))
	for _, w := range windows[:4] {
		s.checkWindow(small, w)
	}
	s.checkWindow(drilled, windows[4])
}

// Each service says that it lives, and what it has counted.
func TestHealthAndStats(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	for _, name := range services {
		if code := exitCode(t, command(name, "--health", "--nats", s.url)); code != 1 {
			t.Errorf("%s --health where none runs: exit code %d", name, code)
		}
	}
	all := s.startAll()
	for _, name := range services {
		all[name].awaitLog(`"started"`)
		if code := exitCode(t, command(name, "--health", "--nats", s.url)); code != 0 {
			t.Errorf("%s --health where one runs: exit code %d", name, code)
		}
	}
	s.checkWindow(small, s.submit(small))
	want := map[string]map[string]int64{
		"ers-coordinator": {"windows": 1, "ticks": 60, "events": 240},
		"ers-hasher":      {"frames": 60, "events": 240, "problems": 0},
		"ers-gate":        {"pass": 1, "fail": 0, "inconclusive": 0, "problems": 0},
	}
	for _, name := range services {
		// What a service does last for a window it may count after the verdict is read.
		var got map[string]int64
		for got = s.stats(name); !contains(got, want[name]) && s.ctx.Err() == nil; {
			got = s.stats(name)
		}
		if !contains(got, want[name]) {
			t.Errorf("%s counts %v, want among them %v", name, got, want[name])
		}
		if len(got) < len(want[name]) {
			t.Errorf("%s counts %v alone", name, slices.Sorted(maps.Keys(got)))
		}
	}
	for _, name := range services {
		all[name].stop()
		if code := exitCode(t, command(name, "--health", "--nats", s.url)); code != 1 {
			t.Errorf("%s --health after it has stopped: exit code %d", name, code)
		}
	}
}

// Without a server there is no health and no service.
func TestNoServer(t *testing.T) {
	t.Parallel()
	server := bustest.NewServer(t)
	server.Stop()
	for _, name := range services {
		if code := exitCode(t, command(name, "--health", "--nats", server.URL())); code != 1 {
			t.Errorf("%s --health: exit code %d", name, code)
		}
		if code := exitCode(t, command(name, "--no-wait", "--nats", server.URL())); code != 2 {
			t.Errorf("%s: exit code %d", name, code)
		}
	}
}

// stats asks a service for its counters.
func (s *system) stats(name string) map[string]int64 {
	s.t.Helper()
	answer, err := s.bus.Conn().RequestWithContext(s.ctx, daemon.StatsSubject+name, nil)
	if err != nil {
		s.t.Fatalf("counters of %s: %v", name, err)
	}
	var counters map[string]int64
	if err := json.Unmarshal(answer.Data, &counters); err != nil {
		s.t.Fatalf("counters of %s: %v: %s", name, err, answer.Data)
	}
	return counters
}

func contains(got, want map[string]int64) bool {
	for name, n := range want {
		if have, ok := got[name]; !ok || have != n {
			return false
		}
	}
	return true
}

func exitCode(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}
