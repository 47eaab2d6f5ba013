package docs

import (
	"os"
	"testing"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/pkg/program/evaluator"
)

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	testpython.First()
	os.Exit(m.Run())
}
