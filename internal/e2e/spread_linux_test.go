package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// hosts are the names of machines. A coordinator is on one when it runs in a UTS namespace
// that has the name: what it records of its machine, and what its commands see, is that.
var hosts = []string{"atlas", "hera", "zeus"}

// onHost is a command on a machine of its own.
func onHost(host string, cmd *exec.Cmd) *exec.Cmd {
	on := exec.Command("unshare", slices.Concat(unshareUTS(), []string{"sh", "-c", `hostname "$0" && exec "$@"`, host}, cmd.Args)...)
	on.Env = cmd.Env
	return on
}

// unshareUTS are the flags with which this user may have a UTS namespace, nil: with none.
func unshareUTS() []string {
	for _, flags := range [][]string{{"--uts"}, {"--user", "--map-root-user", "--uts"}} {
		if exec.Command("unshare", append(flags, "hostname", "x")...).Run() == nil {
			return flags
		}
	}
	return nil
}

// spreading is a system with a coordinator on each host.
type spreading struct {
	*system
	on map[string]*process
}

func newSpreading(t *testing.T, kind string, args ...string) *spreading {
	t.Helper()
	if unshareUTS() == nil {
		t.Skip("this user may have no UTS namespace, and no hostname or unshare is here that makes one")
	}
	s := &spreading{newSystem(t), make(map[string]*process)}
	s.start("ers-hasher")
	s.start("ers-gate")
	for _, host := range hosts {
		s.on[host] = s.coordinator(host, args...)
	}
	s.awaitIdle(kind, len(hosts))
	return s
}

func (s *spreading) coordinator(host string, args ...string) *process {
	s.t.Helper()
	p := s.launch("ers-coordinator on "+host, onHost(host, command("ers-coordinator", append(args, "--nats", s.url, "--log-level", "debug")...)))
	s.processes = append(s.processes, p)
	return p
}

// awaitIdle waits until so many coordinators wait for a run.
func (s *spreading) awaitIdle(kind string, n int) {
	s.t.Helper()
	for {
		c, err := s.bus.JetStream().Consumer(s.ctx, events.StreamWindow, "ers-runs-"+kind)
		if err == nil && c.CachedInfo().NumWaiting >= n {
			return
		}
		s.pause()
	}
}

// hostOf is the machine that a frame names, "" for none.
func (s *spreading) hostOf(m bus.Message) (events.RunKey, string) {
	s.t.Helper()
	var d events.FrameDecoder
	if err := d.Decode(m.Data); err != nil {
		s.t.Fatal(err)
	}
	for name, v := range d.Surroundings.Members() {
		if name == "host" {
			text, _ := v.Text()
			return d.RunKey, text
		}
	}
	return d.RunKey, ""
}

// spread is long, on all machines.
var spread = &pipelineFixture{name: "chain", yaml: long.yaml, change: func(r *events.WindowRequest) { r.Spread = true }}

// The runs of a window come to all coordinators. One that is killed or frozen in the middle of
// its runs loses them to the others, who go on behind what it had done: the window passes, and
// nothing is there twice. One that wakes up stops what others have taken.
func TestSpread(t *testing.T) {
	t.Parallel()
	const victim = "hera"
	for name, end := range map[string]func(*process){
		"killed": (*process).kill,
		"frozen": func(p *process) { p.signal(syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			midway(t, func() bool {
				s := newSpreading(t, events.Starlark)
				window := s.submit(spread)
				s.awaitBegun()
				end(s.on[victim])
				v := s.verdict(spread, window)
				if v.Outcome != events.Pass || !v.Spread {
					t.Fatalf("%s: %+v %+v", v.Outcome, v.Divergence, v.Problems)
				}
				taken := s.checkTaken(v, victim)
				if taken > 0 && name == "frozen" {
					s.on[victim].signal(syscall.SIGCONT)
					s.on[victim].awaitLogs("another coordinator has this run", taken)
				}
				s.checkMachines(v)
				s.audit()
				return taken > 0
			})
		})
	}
}

// awaitBegun waits until each machine has begun a run.
func (s *spreading) awaitBegun() {
	s.t.Helper()
	begun := make(map[string]bool)
	s.awaitMessage(events.StreamTrace, "", func(m bus.Message) bool {
		if _, host := s.hostOf(m); host != "" {
			begun[host] = true
		}
		return len(begun) == len(hosts)
	})
}

// checkTaken makes sure that every tick of a window is there once, and every run stands with
// the machines that its frames name. It returns how many were taken from one.
func (s *spreading) checkTaken(v *events.Verdict, from string) (taken int) {
	s.t.Helper()
	for run := range v.Runs {
		key := v.Key().Run(run)
		made, named := s.madeOn(key), machinesOf(v, run)
		if len(made) > 1 && made[0] == from {
			taken++
		}
		slices.Sort(made)
		if slices.Sort(named); !slices.Equal(made, named) {
			s.t.Errorf("run %d was made on %v, and stands with %v", run, made, named)
		}
		s.checkDigests(key, s.checkFrames(key, v.FirstTick, v.Ticks))
	}
	return taken
}

// machinesOf are the hosts with which a run stands in a verdict.
func machinesOf(v *events.Verdict, run int) (on []string) {
	for _, m := range v.Machines {
		if slices.Contains(m.Runs, run) {
			on = append(on, m.Host)
		}
	}
	return on
}

// madeOn are the machines that the frames of a run name, in their order.
func (s *spreading) madeOn(run events.RunKey) (on []string) {
	s.t.Helper()
	for _, m := range s.read(events.StreamTrace, events.TraceSubject(run)) {
		if _, host := s.hostOf(m); host != "" && !slices.Contains(on, host) {
			on = append(on, host)
		}
	}
	return on
}

// checkMachines makes sure that a verdict names each host, and each run.
func (s *spreading) checkMachines(v *events.Verdict) {
	s.t.Helper()
	var named []string
	made := make(map[int]bool)
	for _, m := range v.Machines {
		named = append(named, m.Host)
		for _, run := range m.Runs {
			made[run] = true
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, hosts) || len(made) != v.Runs {
		s.t.Errorf("%d of %d runs on the machines %v, want all on %v", len(made), v.Runs, named, hosts)
	}
}

// audit makes sure that an audit of everything finds nothing.
func (s *spreading) audit() {
	s.t.Helper()
	if out, err := command("ers", "audit", "--nats", s.url).CombinedOutput(); err != nil {
		s.t.Errorf("audit: %v\n%s", err, out)
	}
}

// What differs by machine is a fail that says so: the example of docs/servers.md.
func TestSpreadDiffers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("## Comparing machines"))
	blocks := regexp.MustCompile("(?s)```(yaml|sh)\n(.*?)```").FindAllSubmatch(text, 2)
	dir := t.TempDir()
	allow := writeFile(t, filepath.Join(dir, "allow"), "any\n")
	file := writeFile(t, filepath.Join(dir, "where.yaml"), string(blocks[0][2]))
	writeFile(t, filepath.Join(dir, "signal.sh"), string(blocks[1][2]))
	s := newSpreading(t, "exec", "--allow-exec", allow)
	for _, args := range [][]string{{"submit", "-f", file}, {"show", "--window", "1"}} {
		cmd := command("ers", append(args, "--nats", s.url)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("ers %s: %v", args[0], err)
		}
		said := strings.Join(strings.Fields(string(out)), " ")
		for _, want := range []string{"all runs with host atlas differ from those with hera, zeus.", "all runs with host hera, zeus differ from those with atlas."} {
			said = strings.Replace(said, " The difference follows the machines: "+want, " FOLLOWED ", 1)
		}
		if !strings.Contains(said, " FOLLOWED ") {
			t.Errorf("ers %s does not say that the machines differ:\n%s", args[0], out)
		}
	}
	_, key, err := client.Get(s.ctx, s.bus, 1)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := client.Verdict(s.ctx, s.bus, key)
	if err != nil {
		t.Fatal(err)
	}
	s.checkMachines(v)
	s.checkValues(v)
	s.audit()
}

// checkValues makes sure that each run came to what it does on the machine that the verdict
// says.
func (s *spreading) checkValues(v *events.Verdict) {
	s.t.Helper()
	var d events.FrameDecoder
	for _, m := range v.Machines {
		for _, run := range m.Runs {
			for _, frame := range s.read(events.StreamTrace, events.TraceSubject(v.Key().Run(run))) {
				if err := d.Decode(frame.Data); err != nil {
					s.t.Fatal(err)
				}
				var tick events.Tick
				d.AppendTo(&tick)
				if value := string(tick.Results[0].Value); strings.Contains(value, "0.30000000000000004") != (m.Host == "atlas") {
					s.t.Errorf("run %d on %s says %s", run, m.Host, value)
				}
			}
		}
	}
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
