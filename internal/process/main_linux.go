package process

import (
	"fmt"
	"os"
)

// mark is the environment variable that makes this program a starter. Its value is the mode.
const mark = "ERS_STARTER"

// Main makes this process a starter of commands, if that is what it was started for, and
// does not return then. Call it first thing in the main of a program that starts commands,
// and in the TestMain of its tests.
func Main() {
	m, marked := os.LookupEnv(mark)
	if !marked {
		hooked.Store(true)
		return
	}
	if err := serve(mode(m)); err != nil {
		fmt.Fprintf(os.Stderr, "starter of commands: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}
