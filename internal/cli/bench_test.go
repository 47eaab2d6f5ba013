package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/bench"
	"abraxas.dev/ers/internal/testsize"
)

// buildErs builds this command, which starts itself again.
func buildErs(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ers")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", name, "abraxas.dev/ers/cmd/ers").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// measureHere runs `ers bench` and returns its report.
func measureHere(t *testing.T, ers string, args ...string) *bench.Report {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), ers, append([]string{"bench", "--quick", "--json"}, args...)...)
	var progress strings.Builder
	cmd.Stderr = &progress
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	r := new(bench.Report)
	if err := json.Unmarshal(out, r); err != nil {
		t.Fatal(err)
	}
	if r.Schema != bench.Schema || !r.Quick || r.Machine.CPUs < 1 || r.Turns != 1 {
		t.Errorf("%+v", r)
	}
	if len(r.Text()) == 0 || !strings.Contains(progress.String(), "events a tick") {
		t.Errorf("progress:\n%s", progress.String())
	}
	return r
}

// Every row is there and no value is impossible. How fast it is does not matter here. All sizes
// of ticks are measured in the long mode.
func TestBench(t *testing.T) {
	testsize.NeedsWhole(t)
	ers := buildErs(t)
	sizes := []int{50}
	if os.Getenv("ERS_LONG") != "" {
		sizes = []int{5, 50, 500}
	}
	t.Run("quick", func(t *testing.T) {
		checkQuick(t, measureHere(t, ers, "--processes", "one,own,guarded", "--events", strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", ","), "[]")), sizes)
	})
	t.Run("grow", func(t *testing.T) { checkGrowth(t, measureHere(t, ers, "--grow")) })
	t.Run("many", func(t *testing.T) { checkMany(t, measureHere(t, ers, "--many")) })
}

func checkQuick(t *testing.T, r *bench.Report, sizes []int) {
	memory := []string{bench.RateSHA256, bench.RateCanonical, bench.RateFrames, bench.RateSchedule, bench.RateGo}
	throughput := []string{bench.RateRaw, bench.RateDigest, bench.RateVerdict, bench.RateFeed}
	python := r.Machine.Python != ""
	if python {
		memory, throughput = append(memory, bench.RatePython), append(throughput, bench.RatePython)
	} else if len(r.LeftOut) == 0 {
		t.Error("it does not say that the Python way is left out")
	}
	var settings []bench.Setting
	for _, n := range sizes {
		checkRates(t, r, bench.Setting{EventsPerTick: n}, memory)
		for _, sync := range []bench.Sync{bench.SyncInterval, bench.SyncAlways} {
			for _, processes := range []bench.Processes{bench.OneProcess, bench.OwnProcesses, bench.Guarded} {
				settings = append(settings, bench.Setting{EventsPerTick: n, Sync: sync, Processes: processes})
			}
		}
	}
	for _, s := range settings {
		checkRates(t, r, s, throughput)
		checkLatency(t, r, s)
	}
	workers := checkWorkers(t, r)
	if len(r.Rates) != len(sizes)*len(memory)+len(settings)*len(throughput)+workers || len(r.Latencies) != len(settings) {
		t.Errorf("%d rates and %d latencies", len(r.Rates), len(r.Latencies))
	}
}

// checkWorkers returns how many rates there are of tasks in processes.
func checkWorkers(t *testing.T, r *bench.Report) int {
	t.Helper()
	rates, waits := []string{bench.RatePipeGo, bench.RateWorkersGo}, []string{}
	if r.Machine.Python != "" {
		rates = append(rates, bench.RateBarePython, bench.RateKit, bench.RateV02)
		waits = append(waits, bench.WaitPython, bench.WaitKit)
	}
	if runtime.GOOS == "linux" {
		waits = append(waits, bench.WaitTrue, bench.WaitTry)
	}
	checkRates(t, r, bench.Setting{EventsPerTick: 50, Sync: bench.SyncInterval, Processes: bench.RunProcesses}, rates)
	for _, name := range waits {
		i := slices.IndexFunc(r.Waits, func(w bench.Wait) bool { return w.Name == name })
		if i < 0 || r.Waits[i].Seconds <= 0 || len(r.Waits[i].Turns) != r.Turns {
			t.Errorf("%s: %+v", name, r.Waits)
		}
	}
	if len(r.Steady) != 2 || r.Steady[1].Ticks != 10*r.Steady[0].Ticks || runtime.GOOS == "linux" && r.Steady[0].Peak < 1<<20 {
		t.Errorf("%+v", r.Steady)
	}
	return len(rates)
}

func checkRates(t *testing.T, r *bench.Report, s bench.Setting, names []string) {
	t.Helper()
	for _, name := range names {
		i := slices.IndexFunc(r.Rates, func(rate bench.Rate) bool { return rate.Setting == s && rate.Name == name })
		if i < 0 {
			t.Errorf("%s: no %s", s, name)
			continue
		}
		rate := r.Rates[i]
		if rate.EventsPerSecond <= 0 || len(rate.Turns) != r.Turns {
			t.Errorf("%+v", rate)
		}
		for other, ratio := range rate.Ratios {
			if ratio <= 0 || !slices.Contains(names, other) {
				t.Errorf("%+v: ratio to %s", rate, other)
			}
		}
		if compared := name == bench.RateVerdict || name == bench.RateDigest || name == bench.RateCanonical || name == bench.RateKit || name == bench.RateWorkersGo; compared && len(rate.Ratios) == 0 {
			t.Errorf("%+v: it is compared with nothing", rate)
		}
	}
}

func checkLatency(t *testing.T, r *bench.Report, s bench.Setting) {
	t.Helper()
	i := slices.IndexFunc(r.Latencies, func(l bench.Latency) bool { return l.Setting == s })
	if i < 0 {
		t.Errorf("%s: no latency", s)
		return
	}
	l := r.Latencies[i]
	for _, q := range []bench.Quantiles{l.Late, l.Digest, l.Bus, l.Verdict} {
		if q.Count == 0 || q.P50 <= 0 || q.P99 < q.P50 || q.Max < q.P99 {
			t.Errorf("%+v", l)
		}
	}
	if l.Achieved <= 0 || l.Late.Count != l.Digest.Count || l.Late.Count%bench.Runs != 0 {
		t.Errorf("%+v", l)
	}
}

func checkGrowth(t *testing.T, r *bench.Report) {
	if len(r.Growth) != 2 || len(r.Extremes) != 2 || len(r.Rates) > 0 {
		t.Fatalf("%+v", r)
	}
	services := []bench.Role{bench.Server, bench.Coordinator, bench.Hasher, bench.Gate}
	checkPeak := func(peak map[bench.Role]uint64) {
		for _, role := range services {
			if runtime.GOOS == "linux" && peak[role] < 1<<20 {
				t.Errorf("%s has %d bytes of memory", role, peak[role])
			}
		}
	}
	for i, g := range r.Growth {
		checkPeak(g.Peak)
		if g.EventsPerSecond <= 0 || g.HasherAndGateRestart <= 0 || g.ServerRestart <= 0 || g.FullRestart <= g.ServerRestart {
			t.Errorf("%+v", g)
		}
		if i > 0 && g.Events <= r.Growth[i-1].Events {
			t.Errorf("%d events after %d", g.Events, r.Growth[i-1].Events)
		}
	}
	for _, e := range r.Extremes {
		checkPeak(e.Peak)
		if e.Seconds <= 0 || e.EventsPerSecond <= 0 || e.Ticks < 1 {
			t.Errorf("%+v", e)
		}
	}
}

func checkMany(t *testing.T, r *bench.Report) {
	if len(r.Many) != 2 || len(r.Growth)+len(r.Rates) > 0 {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Many {
		if m.Windows < 1 || m.FillPerSecond <= 0 || m.ServerRestart <= 0 || m.FullRestart <= m.ServerRestart || len(m.Waits) != 11 {
			t.Errorf("%+v", m)
		}
		for _, w := range m.Waits {
			if w.Name == "" || w.Seconds <= 0 || len(w.Turns) != r.Turns {
				t.Errorf("%+v", w)
			}
		}
	}
}

// A bad flag ends with exit code 2 and says which.
func TestBenchFlags(t *testing.T) {
	for _, args := range [][]string{{"--events", "0"}, {"--events", "5000"}, {"--events", "x"}, {"--sync", "often"}, {"--processes", "two"},
		{"--measure", "grow"}, {"--rate", "0"}, {"--turns", "-1"}} {
		if code := run(append([]string{"bench", "--quick"}, args...)); code != exitUnknown {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}
