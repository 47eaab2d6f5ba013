package process

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// doVariable makes this program another one, that a test needs.
const doVariable = "PROCESS_TEST_DO"

func TestMain(m *testing.M) {
	Main()
	if err := do(os.Getenv(doVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// programs are what it can be, besides one that takes memory.
var programs = map[string]func() error{"host": host}

func do(what string) error {
	what, number, _ := strings.Cut(what, " ")
	if what == "" {
		return nil
	}
	if is := programs[what]; is != nil {
		if err := is(); err != nil {
			return err
		}
		os.Exit(0)
	}
	var mib int
	if _, err := fmt.Sscan(number, &mib); err != nil {
		return err
	}
	takeMemory(mib)
	os.Exit(0)
	return nil
}

// again is this program as one that does something else.
func again(t *testing.T, what string) Spec {
	t.Helper()
	s := shell(t, "")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.Command, s.Env = []string{program}, append(s.Env, doVariable+"="+what)
	return s
}

// needFilter skips the test where system calls are not filtered.
func needFilter(t *testing.T) {
	t.Helper()
	p, _ := begin(t, shell(t, "true"))
	p.Wait()
	if calls := p.Confinement().Calls; strings.HasPrefix(calls, notFiltered) {
		t.Skip(calls)
	}
}
