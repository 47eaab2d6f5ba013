package process

import (
	"fmt"
	"strings"
	"testing"
)

// A bomb of each kind is ended, and one that stays within its bounds is not.
func TestBounds(t *testing.T) {
	for _, c := range []struct{ name, line, reason string }{
		{"processes", `i=0; while [ $i -lt %d ]; do sleep SECONDS & i=$((i+1)); done; wait`, "it had more than the 50 processes and threads that it may have"},
		{"output", `head -c %d000000 /dev/zero > "$SCRATCH"/out; sleep SECONDS`, "it wrote more than the 20MiB that it may have on the disk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{10, 100} {
				s := shell(t, fmt.Sprintf(c.line, n))
				s.Threads, s.Written, s.Scratch = 50, 20<<20, t.TempDir()
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

// A setuid program gives a command no rights that it does not have.
func TestNoNewRights(t *testing.T) {
	said, exit := run(t, shell(t, "grep NoNewPrivs /proc/self/status"))
	if strings.Fields(said)[1] != "1" || exit != (Exit{}) {
		t.Errorf("it said %q and ended with %+v", said, exit)
	}
}
