package docs

import (
	"os"
	"testing"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program/evaluator"
)

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	os.Exit(m.Run())
}
