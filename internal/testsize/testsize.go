// Package testsize says how much the tests are to do. `go test ./...` leaves out the longest
// tests, so that it can be run often. `.ci/run` sets ERS_WHOLE, and then nothing is left out
// but the modes that have flags of their own.
package testsize

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// Whole tells whether everything is to be tested.
func Whole() bool { return os.Getenv("ERS_WHOLE") != "" }

// NeedsWhole skips a test unless everything is to be tested.
func NeedsWhole(t testing.TB) {
	t.Helper()
	if !Whole() {
		t.Skip("one of the longer tests: they run with ERS_WHOLE=1, as in .ci/run")
	}
}

// Wait lets so many tests run at once for each processor, in packages whose tests wait for
// processes or servers most of the time. Call it from TestMain before the flags are parsed;
// who sets -parallel is obeyed.
func Wait(each int) {
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set(strconv.Itoa(each * runtime.GOMAXPROCS(0))) // it is a number
	}
}

// Sample is how many of something are tested: some, or whole unless fewer are enough.
func Sample(some, whole int) int {
	if Whole() {
		return whole
	}
	return some
}
