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
