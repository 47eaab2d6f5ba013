package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
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
