package service_test

import (
	"os"
	"testing"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// TestMain is also the process that evaluates Starlark.
func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	os.Exit(m.Run())
}
