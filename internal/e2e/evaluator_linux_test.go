package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/events"
)

// oneTask is a pipeline of one task that does nothing good.
func oneTask(name, code string) *pipelineFixture {
	return &pipelineFixture{name: name, yaml: `
name: ` + name + `
runs: 3
budget: {forecast: {ops: 0, entropy: 0}, shadow: {ops: 0, entropy: 0}}
tasks:
  - name: task
    lane: forecast
    steps: 1000000000000
    starlark: |
      ` + strings.ReplaceAll(code, "\n", "\n      ") + "\n"}
}

var (
	// hang squares a number until it has a billion digits, in operations that nothing ends.
	hang   = oneTask("hang", "def run(ctx):\n    x = 3\n    for i in range(31): x = x * x\n    return 1")
	poison = oneTask("poison", "def run(ctx):\n    return len([0] * 1000000000)")
)

// A task that takes all memory makes its window inconclusive, with the reason, and the
// next window is run by the same process.
func TestPoison(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.startAll()
	v := s.verdict(poison, s.submit(poison))
	const reason = `the evaluator ended 2 times on tick 0: in task "task" it took more than the 1GiB of memory that it may have`
	if v.Outcome != events.Inconclusive || len(v.Problems) != 3 || !strings.Contains(v.Problems[0].Reason, reason) {
		t.Errorf("%s, problems %+v", v.Outcome, v.Problems)
	}
	if v := s.verdict(small, s.submit(small)); v.Outcome != events.Pass {
		t.Errorf("the next window: %s", v.Outcome)
	}
}

// A coordinator, and all in one process, end soon after SIGTERM though a task hangs, and
// no evaluator is left however they end.
func TestHang(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*process){"stopped": (*process).stop, "killed": (*process).kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t)
			coordinator := s.start("ers-coordinator")
			s.submit(hang)
			evaluators := coordinator.awaitBusyChild()
			began := time.Now()
			end(coordinator)
			if took := time.Since(began); took > 5*time.Second && !raceEnabled {
				t.Errorf("it took %v to end", took)
			}
			for _, pid := range evaluators {
				s.awaitGone(pid)
			}
		})
	}
}

// The first interrupt ends `ers run`, also where nothing hears it; the second one ends
// it at once.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	t.Run("task", func(t *testing.T) {
		t.Parallel()
		scene := newScene(t)
		run := scene.run("ers", "run", "-f", hang.write(t))
		run.awaitBusyChild()
		run.interrupt()
		run.wantEnd(2, "ers: stopped before there was an answer")
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		scene := newScene(t)
		outside := oneTask("outside", "def square():\n    x = 3\n    for i in range(31): x = x * x\n    return x\nx = square()\ndef run(ctx): return 1")
		run := scene.run("ers", "run", "-f", outside.write(t))
		run.awaitBusy(run.cmd.Process.Pid)
		run.interrupt()
		began := time.Now()
		run.awaitLog("a second signal ends it at once")
		run.interrupt()
		run.wantEnd(-1, "")
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v to end", took)
		}
	})
}

// interrupt sends what Ctrl-C sends.
func (p *process) interrupt() {
	p.t.Helper()
	p.asked.Store(true)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
}

// wantEnd waits until the process has ended with a code, -1 for a signal, and a last word.
func (p *process) wantEnd(code int, said string) {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-p.ctx.Done():
		p.t.Fatal("it goes on")
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code || p.log.count(said) == 0 {
		p.t.Errorf("exit code %d, want %d; it said\n%s", got, code, p.log)
	}
}

// pause lets other processes do something: what /proc says cannot be waited for.
func (s *scene) pause() {
	s.t.Helper()
	select {
	case <-time.After(10 * time.Millisecond):
	case <-s.ctx.Done():
		s.t.Fatal("nothing happens")
	}
}

// awaitBusyChild waits until a child of the process has computed for a while, and returns
// all of its children.
func (p *process) awaitBusyChild() []int {
	p.t.Helper()
	for {
		all := children(p.cmd.Process.Pid)
		for _, pid := range all {
			if computed(pid) {
				return all
			}
		}
		p.pause()
	}
}

func (p *process) awaitBusy(pid int) {
	p.t.Helper()
	for !computed(pid) {
		p.pause()
	}
}

// awaitGone waits until a process is no more, or waits to be buried.
func (s *scene) awaitGone(pid int) {
	s.t.Helper()
	for f := stat(pid); f != nil && f[0] != "Z"; f = stat(pid) {
		s.pause()
	}
}

// stat returns the fields of /proc/PID/stat from the state on, nil for no process.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// computed tells whether a process has computed for half a second.
func computed(pid int) bool {
	f := stat(pid)
	if f == nil {
		return false
	}
	hundredths, _ := strconv.Atoi(f[11])
	return hundredths > 50
}

func children(parent int) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if f := stat(pid); f != nil && f[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}
