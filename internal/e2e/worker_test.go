package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// workerYAML is a pipeline of a worker that keeps a count in itself, and reads a file that
// is none of its own. SPIN is how long it computes.
const workerYAML = `
name: counted
runs: 4
ticks: 30
budget: {forecast: {ops: 0}, shadow: {ops: 0}}
context: {seed: 7}
workers:
  w:
    command:
      - python3
      - -c
      - |
        import json, sys
        sys.stdin.readline()
        tasks = [{"name": "count", "lane": "forecast"}, {"name": "look", "lane": "shadow"}]
        print(json.dumps({"type": "hello", "protocol": "ers-worker/1", "tasks": tasks}), flush=True)
        count = 0
        for line in sys.stdin:
            m = json.loads(line)
            for task in m["tasks"]:
                count += 1
                for i in range(20000): pass
                value = [count, m["tick"], open("FILE").read()]
                print(json.dumps({"type": "result", "task": task, "status": "ok", "value": value}))
            sys.stdout.flush()
tasks:
  - {name: count, lane: forecast, worker: w}
  - {name: look, lane: shadow, worker: w}
`

// counting is a system whose tasks keep a count in themselves, and read a file that is none
// of their own.
type counting struct {
	*system
	pipeline    pipelineFixture
	file        string   // that the tasks read
	allow       string   // which programs the coordinator may start
	coordinates []string // the command that runs the tasks, or has them run
}

// countings are those of which what is killed says nothing about the tasks.
var countings = map[string]func(*testing.T) *counting{"workers": newCounting, "go": newGoCounting}

func newCounting(t *testing.T) *counting {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here")
	}
	dir := t.TempDir()
	c := &counting{system: newSystem(t), file: filepath.Join(dir, "read"), allow: filepath.Join(dir, "allow")}
	c.pipeline = pipelineFixture{name: "counted", yaml: strings.Replace(workerYAML, "FILE", c.file, 1)}
	c.coordinates = []string{"ers-coordinator", "--log-level", "debug", "--allow-exec", c.allow}
	c.write(c.file, "1")
	c.write(c.allow, "any\n")
	return c
}

func (c *counting) write(path, text string) {
	c.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counting) coordinator() *process {
	c.t.Helper()
	p := c.run(c.coordinates[0], append(c.coordinates[1:], "--nats", c.url)...)
	c.processes = append(c.processes, p)
	return p
}

func (c *counting) begin() (coordinator *process, window uint64) {
	c.t.Helper()
	coordinator = c.coordinator()
	c.start("ers-hasher")
	c.start("ers-gate")
	key, err := client.Submit(c.ctx, c.bus, c.pipeline.file(c.t), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return coordinator, key.Window
}

// A coordinator that is killed with its workers, or with the tasks in itself, goes on with
// new ones, which run all ticks again: nothing of it is seen in the record.
func TestKillWithTasks(t *testing.T) {
	t.Parallel()
	for name, newCounting := range countings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool { return killWithTasks(t, newCounting(t)) })
		})
	}
}

func killWithTasks(t *testing.T, c *counting) bool {
	victim, window := c.begin()
	for _, percent := range []int{0, 30, 60} {
		progressOf["ers-coordinator"].await(c.system, &c.pipeline, percent)
		victim.kill()
		if !progressOf["ers-coordinator"].unfinished(c.system, &c.pipeline) {
			return false
		}
		victim = c.coordinator()
	}
	v := c.verdict(&c.pipeline, window)
	if v.Outcome != events.Pass {
		t.Errorf("%s: %+v %+v", v.Outcome, v.Divergence, v.Problems)
	}
	for run := range v.Runs {
		key := events.RunKey{Pipeline: "counted", Window: window, Run: run}
		c.checkDigests(key, c.checkFrames(key, v.FirstTick, v.Ticks))
	}
	c.audit(window)
	return true
}

// audit makes sure that an audit finds nothing.
func (c *counting) audit(window uint64) {
	c.t.Helper()
	if out, err := command("ers", "audit", "--nats", c.url, "--window", fmt.Sprint(window)).CombinedOutput(); err != nil {
		c.t.Errorf("audit: %v\n%s", err, out)
	}
}

// What tasks come to after a restart is held against the record: another answer is a fail
// that shows both.
func TestRestartDiffers(t *testing.T) {
	t.Parallel()
	for name, newCounting := range countings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool { return restartDiffers(t, newCounting(t)) })
		})
	}
}

func restartDiffers(t *testing.T, c *counting) bool {
	victim, window := c.begin()
	progressOf["ers-coordinator"].await(c.system, &c.pipeline, 30)
	victim.kill()
	if !progressOf["ers-coordinator"].unfinished(c.system, &c.pipeline) {
		return false
	}
	c.write(c.file, "2")
	c.coordinator()
	v := c.verdict(&c.pipeline, window)
	d := v.Divergence
	if v.Outcome != events.Fail || d == nil || d.Kind != events.KindRestart || d.Task != "count" || d.Pointer != "/value/2" ||
		d.Expected.Canonical != `"1"` || d.Found.Canonical != `"2"` {
		t.Errorf("%s: %+v %+v", v.Outcome, d, v.Problems)
	}
	c.audit(window)
	return true
}

// A command beside such tasks is run again too. What it came to is told as its output.
func TestRestartOfCommandDiffers(t *testing.T) {
	t.Parallel()
	midway(t, func() bool {
		c := newCounting(t)
		text := strings.Replace(workerYAML, `open("FILE").read()`, "1", 1) + "  - {name: said, lane: forecast, command: {run: [cat, FILE], files: [pipeline.yaml]}}\n"
		c.pipeline.yaml = strings.ReplaceAll(text, "FILE", c.file)
		victim, window := c.begin()
		progressOf["ers-coordinator"].await(c.system, &c.pipeline, 30)
		victim.kill()
		if !progressOf["ers-coordinator"].unfinished(c.system, &c.pipeline) {
			return false
		}
		c.write(c.file, "2")
		c.coordinator()
		v := c.verdict(&c.pipeline, window)
		d := v.Divergence
		if v.Outcome != events.Fail || d == nil || d.Kind != events.KindRestart || d.Task != "said" || d.Content == nil || d.Content.Name != "stdout" {
			t.Errorf("%s: %+v %+v", v.Outcome, d, v.Problems)
		}
		want := `: done again after a crash, said: stdout, line 1: "2", not "1"`
		if text := report.Headline(v); !strings.HasSuffix(text, want) {
			t.Errorf("%s: want %s", text, want)
		}
		c.audit(window)
		return true
	})
}

// Without leave a coordinator starts nothing, and says so.
func TestExecNotAllowed(t *testing.T) {
	t.Parallel()
	c := newCounting(t)
	c.write(c.allow, "# nothing yet\n")
	_, window := c.begin()
	v := c.verdict(&c.pipeline, window)
	if v.Outcome != events.Inconclusive || len(v.Problems) != 4 || !strings.Contains(v.Problems[0].Reason, "it starts no programs of others; start it with --allow-exec=FILE") {
		t.Errorf("%s: %+v", v.Outcome, v.Problems)
	}
}

// A worker that is killed says nothing about its tasks: its run is given up, the others
// go on, and the window is inconclusive.
func TestKillWorker(t *testing.T) {
	t.Parallel()
	midway(t, func() bool {
		c := newCounting(t)
		_, window := c.begin()
		c.awaitMessage(events.StreamTrace, events.TraceSubject(events.RunKey{Pipeline: "counted", Window: window, Run: 2}), func(bus.Message) bool { return true })
		pids, err := exec.Command("pgrep", "-f", c.file).Output()
		if err != nil {
			return false // all have ended
		}
		victim := strings.Fields(string(pids))[0]
		if err := exec.Command("kill", "-KILL", victim).Run(); err != nil {
			return false
		}
		v := c.verdict(&c.pipeline, window)
		if v.Outcome == events.Pass {
			return false // it was at its end
		}
		if v.Outcome != events.Inconclusive || len(v.Problems) != 1 || !strings.Contains(v.Problems[0].Reason, "SIGKILL") {
			t.Errorf("%s: %+v %+v", v.Outcome, v.Problems, v.Divergence)
		}
		return true
	})
}
