package process

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A command can end what it has started and look into it. What it has not started, it can
// do nothing to, not by mistake either.
func TestOnlyItsOwnProcesses(t *testing.T) {
	other := exec.Command(tool(t, "sleep"), "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = other.Process.Kill(), other.Wait() }()
	s := shell(t, fmt.Sprintf(`for p in %d %d $PPID; do
  kill -0 $p && echo signals $p; head -c 1 /proc/$p/environ && echo looks into $p
done 2>/dev/null
(sleep 1000 & readlink /proc/$!/exe >/dev/null && kill $! && wait $!; echo $?) 2>/dev/null`, other.Process.Pid, os.Getpid()))
	p, out := begin(t, s)
	text := make([]byte, 4<<10)
	n, _ := readAll(out, text)
	exit := p.Wait()
	said, had := string(text[:n]), p.Confinement().Processes
	if strings.HasPrefix(had, allProcesses) {
		if !strings.Contains(said, "signals") {
			t.Errorf("%s, and yet it said %q", had, said)
		}
		t.Skip(had)
	}
	if said != "143\n" || exit.Code != 0 || had != onlyItsOwn {
		t.Errorf("it said %q and ended with %v, %s", said, exit, had)
	}
}

// A command sets its own limits and priority, and nobody else's: of a service it could take
// all time that way, or end it.
func TestLimitsOfOthers(t *testing.T) {
	needFilter(t)
	for _, name := range []string{"prlimit", "renice", "ionice", "chrt"} {
		tool(t, name)
	}
	other := exec.Command(tool(t, "sleep"), "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = other.Process.Kill(), other.Wait() }()
	pid := other.Process.Pid
	s := shell(t, fmt.Sprintf(`exec 2>/dev/null
prlimit --pid %[1]d --nofile=10 && echo prlimit
renice 19 -p %[1]d >&2 && echo renice
renice 19 -u $(id -u) >&2 && echo renice all
ionice -c 3 -p %[1]d && echo ionice
chrt -i -p 0 %[1]d && echo chrt
ulimit -n 20 && nice -n 1 ionice -c 3 chrt -i 0 prlimit --core=0 echo its own`, pid))
	if said, exit := run(t, s); said != "its own\n" || exit != (Exit{}) {
		t.Errorf("it could do %q, and ended with %v", said, exit)
	}
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil || limit.Cur == 10 {
		t.Errorf("%+v, %v", limit, err)
	}
}

// Sockets that are no files are those of others too, where the network is left to a command.
func TestAbstractSockets(t *testing.T) {
	l, err := net.Listen("unix", "@"+t.Name()+fmt.Sprint(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := again(t, "abstract")
	s.Env = append(s.Env, "ADDRESS="+l.Addr().String())
	p, out := begin(t, s)
	text, err := io.ReadAll(out)
	if err != nil || p.Wait() != (Exit{}) {
		t.Fatal(err, string(text))
	}
	if p.Confinement().Processes != onlyItsOwn {
		t.Skip(p.Confinement().Processes)
	}
	if string(text) != "others: EPERM, its own: ok\n" {
		t.Errorf("%q", text)
	}
}

func init() { programs["abstract"] = abstract }

// abstract connects to a socket of somebody else, and to one of its own.
func abstract() error {
	said := "ok"
	if c, err := net.Dial("unix", os.Getenv("ADDRESS")); err == nil {
		_ = c.Close()
	} else if said = "another error"; strings.Contains(err.Error(), syscall.EPERM.Error()) {
		said = "EPERM"
	}
	l, err := net.Listen("unix", os.Getenv("ADDRESS")+"-own")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		return err
	}
	_ = c.Close()
	fmt.Printf("others: %s, its own: ok\n", said)
	return nil
}
