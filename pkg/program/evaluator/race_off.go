//go:build !race

package evaluator

import "io"

const raceEnabled = false

func seen(said io.Writer) io.Writer { return said }
