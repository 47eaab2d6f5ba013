package process

import (
	"fmt"
	"strings"
	"testing"
)

// A bomb of each kind is ended, and one that stays within its bounds is not.
func TestBounds(t *testing.T) {
	for _, c := range []struct{ name, line, reason string }{
		{"processes", `i=0; while [ $i -lt %d ]; do sleep SECONDS & i=$((i+1)); done; wait`, "it had more than the 50 processes and threads that it may have: raise processes, or let it start fewer"},
		{"output", `head -c %d000000 /dev/zero > "$SCRATCH"/out; sleep SECONDS`, "it wrote more than the 20MiB that it may have on the disk: raise disk, or let it write less"},
		// What no folder shows any more is still there.
		{"output that is removed", `exec 3> "$SCRATCH"/out; rm "$SCRATCH"/out; head -c %d000000 /dev/zero >&3; sleep SECONDS`, "it wrote more than the 20MiB that it may have on the disk: raise disk, or let it write less"},
		{"output that is removed from memory", `exec 3> /dev/shm/ers-bounds-$$; rm /dev/shm/ers-bounds-$$; head -c %d000000 /dev/zero >&3; sleep SECONDS`, "it took more than the 30MiB of memory that it may have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{10, 100} {
				s := shell(t, fmt.Sprintf(c.line, n))
				s.Threads, s.Written, s.Memory, s.Scratch = 50, 20<<20, 30<<20, t.TempDir()
				s.Env = append(s.Env, "SCRATCH="+s.Scratch)
				seconds := "3"
				if n > 50 {
					seconds = "1000"
				}
				s.Command[2] = strings.Replace(s.Command[2], "SECONDS", seconds, 1)
				switch _, exit := run(t, s); {
				case n > 50 && exit.Outside != c.reason:
					t.Errorf("%d: %+v", n, exit)
				case n < 50 && exit != (Exit{}):
					t.Errorf("%d, which it may: %+v", n, exit)
				}
			}
		})
	}
}

// Memory that is held by a file and mapped counts once.
func TestHeldMemoryCountsOnce(t *testing.T) {
	s := shell(t, "")
	s.Command = []string{"/usr/bin/python3", "-c", `import mmap, os, time
f = os.memfd_create("held"); os.ftruncate(f, 20 << 20); m = mmap.mmap(f, 20 << 20); m.write(b"x" * (20 << 20)); time.sleep(2.5)`}
	tool(t, s.Command[0])
	s.Memory = 45 << 20
	if said, exit := run(t, s); exit != (Exit{}) {
		t.Errorf("it said %q and ended with %+v", said, exit)
	}
}

// A setuid program gives a command no rights that it does not have.
func TestNoNewRights(t *testing.T) {
	said, exit := run(t, shell(t, "grep NoNewPrivs /proc/self/status"))
	if strings.Fields(said)[1] != "1" || exit != (Exit{}) {
		t.Errorf("it said %q and ended with %+v", said, exit)
	}
}
