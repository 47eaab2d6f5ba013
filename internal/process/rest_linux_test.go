package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"abraxas.dev/ers/internal/process/processtest"
	"abraxas.dev/ers/internal/testsize"
)

// away waits until a process is no more.
func away(t *testing.T, pid int) {
	t.Helper()
	for range 2000 {
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

func pids(t *testing.T, from io.Reader, n int) []int {
	t.Helper()
	lines := bufio.NewScanner(from)
	var all []int
	for len(all) < n && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("no number: %q", lines.Text())
		}
		all = append(all, pid)
	}
	if len(all) != n {
		t.Fatalf("%d numbers, want %d", len(all), n)
	}
	return all
}

// daemons starts one process in the group, one out of it, one out of the session, and
// one out of it whose parent is gone.
const daemons = `
sleep 1000 & echo $!
setsid sleep 1000 & echo $!
(setsid sh -c 'echo $$; exec sleep 1000' &)
(setsid sh -c 'setsid sh -c "echo \$\$; exec sleep 1000" & sleep 1000' & )
`

func TestNothingIsLeft(t *testing.T) {
	tool(t, "setsid")
	for _, how := range []string{"by itself", "killed"} {
		s := shell(t, daemons+`read line`)
		stdin, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s.Stdin = stdin
		p, said := begin(t, s)
		all := pids(t, said, 4)
		if how == "killed" {
			p.Kill("enough")
		}
		if err := errors.Join(in.Close(), stdin.Close()); err != nil {
			t.Fatal(err)
		}
		exit := p.Wait()
		for _, pid := range all {
			away(t, pid)
		}
		if exit.Left < 4 {
			t.Errorf("%s: %+v, want at least 4 left", how, exit)
		}
	}
}

// Nothing gets out of sight by a mount namespace of its own, since what is left behind is
// known by it. Other namespaces hide nothing.
func TestNothingHides(t *testing.T) {
	needFilter(t)
	tool(t, "unshare")
	s := shell(t, `(unshare -Urm --propagation unchanged setsid sh -c 'echo $$; exec sleep 1000' 2>/dev/null || echo 0) &
(unshare -Urnpif setsid sh -c 'echo in; exec sleep 1000' 2>/dev/null || echo 0) &
read line`)
	stdin, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.Stdin = stdin
	p, said := begin(t, s)
	lines := bufio.NewScanner(said)
	for range 2 {
		if !lines.Scan() {
			t.Fatal("too little is said")
		}
		if lines.Text() != "0" && lines.Text() != "in" {
			t.Errorf("process %s is where no other is", lines.Text())
		}
	}
	marked := within(t, p.Pid())
	if err := errors.Join(in.Close(), stdin.Close()); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	for _, pid := range marked {
		away(t, pid)
	}
}

// Memory that belongs to no process is not left behind either, and none of others is seen.
func TestSharedMemoryIsItsOwn(t *testing.T) {
	needMounts(t)
	tool(t, "ipcmk")
	s := shell(t, `ipcs -m | grep -c 5000321; ipcmk -M 5000321 >/dev/null; ipcs -m | grep -c 5000321`)
	for range 2 {
		if said, _ := run(t, s); said != "0\n1\n" {
			t.Errorf("it sees %q", said)
		}
	}
	if out, err := exec.Command("ipcs", "-m").Output(); err != nil || strings.Contains(string(out), "5000321") {
		t.Errorf("%v, it is left:\n%s", err, out)
	}
}

// within are the processes that a process has started, and those that these have.
func within(t *testing.T, pid int) (list []int) {
	t.Helper()
	all := processes()
	for group := []int{pid}; len(group) > 0; group = group[1:] {
		for _, p := range all[group[0]] {
			list, group = append(list, p.pid), append(group, p.pid)
		}
	}
	return list
}

// What one command leaves behind is ended with it, and not what another one does.
func TestOnlyItsOwnIsEnded(t *testing.T) {
	tool(t, "setsid")
	needMounts(t)
	kept, keptSaid := begin(t, shell(t, daemons+`exec sleep 1000`))
	others := append(pids(t, keptSaid, 4), kept.Pid())
	if p, _ := begin(t, shell(t, daemons)); p.Wait().Left < 3 {
		t.Error("nothing was left behind")
	}
	for _, pid := range others {
		if err := syscall.Kill(pid, 0); err != nil {
			t.Errorf("process %d of the other command: %v", pid, err)
		}
	}
	kept.Kill("enough")
	kept.Wait()
}

// host is a program that is killed while its command runs.
func host() error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	p, err := Start(context.Background(), Spec{Command: []string{"/bin/sh", "-c", daemons + "echo $$; exec sleep 1000"},
		Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: "/", Stdout: in})
	if err != nil {
		return err
	}
	if _, err := io.Copy(os.Stdout, out); err != nil {
		return err
	}
	return errors.New(p.Wait().String())
}

func TestWeAreKilled(t *testing.T) {
	tool(t, "setsid")
	host := exec.Command("/proc/self/exe")
	host.Env = append(os.Environ(), doVariable+"=host")
	host.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	all := pids(t, out, 5)
	_ = syscall.Kill(-host.Process.Pid, syscall.SIGKILL)
	for _, pid := range all {
		away(t, pid)
	}
	_ = host.Wait()
}

// The process that starts commands can be killed too: what runs is told to be over, and the
// next command is started by another one.
func TestStarterIsKilled(t *testing.T) {
	p, _ := begin(t, shell(t, "exec sleep 1000"))
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	_, parent, _ := strings.Cut(string(status), "PPid:\t")
	parent, _, _ = strings.Cut(parent, "\n")
	pid, err := strconv.Atoi(parent)
	if err != nil || pid == os.Getpid() {
		t.Fatalf("parent %q", parent)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit.Outside != "the process that started it was ended from outside" {
		t.Errorf("%+v", exit)
	}
	away(t, p.Pid())
	if said, exit := run(t, shell(t, "echo again")); said != "again\n" || exit != (Exit{}) {
		t.Errorf("%q, %v", said, exit)
	}
}

func TestAsOrdinaryUser(t *testing.T) {
	testsize.NeedsWhole(t)
	processtest.AsOrdinaryUser(t)
}

// All tests where the kernel gives this user nothing, and what is said then.
func TestWithoutNamespaces(t *testing.T) {
	testsize.NeedsWhole(t)
	can := Look()
	if can.Mounts.OK {
		processtest.WithoutNamespaces(t)
		return
	}
	for _, a := range []Ability{can.Mounts, can.Overlay, can.Network} {
		if a.OK || !strings.Contains(a.Why, "no user namespaces for this user") {
			t.Errorf("%+v", a)
		}
	}
	s := shell(t, "echo started")
	s.Network, s.Hide = NetworkOff, []string{"/etc"}
	p, _ := begin(t, s)
	had := p.Confinement()
	if exit := p.Wait(); exit != (Exit{}) || had.Network != "not confined: "+can.Mounts.Why || had.Hidden != "not hidden: "+can.Mounts.Why {
		t.Errorf("%+v, %+v", exit, had)
	}
	for want, change := range map[error]func(*Spec){
		ErrNetwork: func(s *Spec) { s.Network = NetworkRequired },
		ErrOverlay: func(s *Spec) { s.Overlay = &Overlay{s.Dir, s.Dir, s.Dir} },
		ErrMounts:  func(s *Spec) { s.Binds = []Bind{{From: s.Dir, To: s.Dir}} },
	} {
		changed := s
		change(&changed)
		if _, err := Start(t.Context(), changed); !errors.Is(err, want) || !strings.Contains(err.Error(), can.Mounts.Why) {
			t.Errorf("%v is no %v", err, want)
		}
	}
}
