package events

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
)

// Machine is where runs were made, by what their first frames say of it, and those with
// which they were gone on with: a run that was taken over stands with each of its machines. What is not
// said is "". A text of more than [MaxMachineText] bytes, and what is no text, stands as
// the SHA-256 of its canonical JSON.
type Machine struct {
	System       string `json:"system"`
	Architecture string `json:"architecture"`
	Kernel       string `json:"kernel"`
	Build        string `json:"build"` // of ERS, or of the program that has the tasks
	Host         string `json:"host"`
	Runs         []int  `json:"runs"` // ascending
}

// MaxMachineText is the most bytes of what a verdict says of a machine at once, and
// MaxMachines of how many machines it says something.
const (
	MaxMachineText = 64
	MaxMachines    = 64
)

// MachineOf reads what the surroundings of a run say of its machine.
func MachineOf(surroundings canon.Value) Machine {
	text := func(name string) string {
		v := member(surroundings, name)
		if v == canon.Null {
			return ""
		}
		if text, ok := v.Text(); ok && len(text) <= MaxMachineText {
			return text
		}
		return canon.Sum([]byte(v)).String()
	}
	return Machine{System: text("system"), Architecture: text("machine"), Kernel: text("kernel"), Build: text("build"), Host: text("host")}
}

// Said tells whether anything is said of the machine.
func (m *Machine) Said() bool { return !m.Same(&Machine{}) }

// Same tells whether two are one machine, with one build.
func (m *Machine) Same(o *Machine) bool {
	return m.System == o.System && m.Architecture == o.Architecture && m.Kernel == o.Kernel && m.Build == o.Build && m.Host == o.Host
}

// checkMachines tells why the machines of a verdict cannot be.
func (v *Verdict) checkMachines() error {
	if len(v.Machines) > 0 && !v.Spread || len(v.Machines) > MaxMachines {
		return fmt.Errorf("/machines: %d: at most %d, in a verdict with spread alone", len(v.Machines), MaxMachines)
	}
	for i := range v.Machines {
		before := -1
		for _, run := range v.Machines[i].Runs {
			if run <= before || run >= v.Runs {
				return fmt.Errorf("/machines/%d/runs: run %d: want runs 0 to %d, ascending", i, run, v.Runs-1)
			}
			before = run
		}
		if before < 0 {
			return fmt.Errorf("/machines/%d/runs: none", i)
		}
	}
	return nil
}
