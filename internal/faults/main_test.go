package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain has all lanes go on side by side, however few processors there are: they mostly
// wait.
func TestMain(m *testing.M) {
	flag.Parse()
	parallel := false
	flag.Visit(func(f *flag.Flag) { parallel = parallel || f.Name == "test.parallel" })
	if !parallel {
		_ = flag.Set("test.parallel", fmt.Sprint(lanes))
	}
	os.Exit(m.Run())
}
