package docs

import (
	"os"
	"testing"

	"abraxas.dev/ers/pkg/program/evaluator"
)

func TestMain(m *testing.M) {
	evaluator.Main()
	os.Exit(m.Run())
}
