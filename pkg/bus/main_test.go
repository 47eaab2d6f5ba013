package bus_test

import (
	"os"
	"testing"

	"abraxas.dev/ers/internal/testsize"
)

func TestMain(m *testing.M) {
	testsize.Wait(4) // for time-outs
	os.Exit(m.Run())
}
