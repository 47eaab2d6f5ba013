// Package bench holds what `ers bench` runs that is not Go. benchmarks.txt beside it is
// the output of the Go benchmarks as they were measured last, for benchstat.
package bench

import _ "embed"

// PythonWay is a Python script that schedules, canonicalises and hashes ticks in
// memory.
//
//go:embed python_way.py
var PythonWay []byte
