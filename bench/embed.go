// Package bench holds what `ers bench` runs that is not Go. benchmarks.txt beside it is
// the output of the Go benchmarks as they were measured last, for benchstat.
package bench

import _ "embed"

// PythonWay is a Python script that schedules, canonicalises and hashes ticks in
// memory.
//
//go:embed python_way.py
var PythonWay []byte

// BareWorker, KitWorker and GateV02 are Python scripts: the least that a worker does, a
// worker of the kit, and the gate of ERS v0.2 over the same tasks.
var (
	//go:embed bare_worker.py
	BareWorker []byte
	//go:embed kit_worker.py
	KitWorker []byte
	//go:embed v02_gate.py
	GateV02 []byte
)
