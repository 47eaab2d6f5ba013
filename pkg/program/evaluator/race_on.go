//go:build race

package evaluator

import (
	"io"
	"os"
)

// raceEnabled: the detector maps memory beyond every bound.
const raceEnabled = true

// seen shows what the detector says of an evaluator to whoever reads what its parent says.
func seen(said io.Writer) io.Writer { return io.MultiWriter(said, os.Stderr) }
