package erstest

import (
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// A process that this test binary was started again for does its work here. In a program
// these calls are the first thing in main, but that of a test binary is generated, and its
// TestMain, of which there can be one alone, is the user's. Where the process was not
// started for that, as always but then, they change nothing.
func init() {
	evaluator.Main()
	process.Main()
}
