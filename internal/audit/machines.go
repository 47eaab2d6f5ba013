package audit

import (
	"crypto/sha256"
	"encoding/hex"
)

// The most bytes of one text about a machine, and the most machines of a verdict.
const (
	maxMachineText = 64
	maxMachines    = 64
)

// machines says where the sealed runs of a window were made that compares machines: by what
// each run's first frame says of it.
func (j *judgement) machines(sealed []int) {
	if !j.request.Spread {
		return
	}
	at := map[[5]string]int{} // the place of a machine in the list
	for _, run := range sealed {
		is := j.runs[run].madeOn()
		i, known := at[is]
		if !known {
			if len(at) == maxMachines {
				continue
			}
			i = len(at)
			at[is] = i
			j.want.Machines = append(j.want.Machines, machine{System: is[0], Architecture: is[1], Kernel: is[2], Build: is[3], Host: is[4]})
		}
		j.want.Machines[i].Runs = append(j.want.Machines[i].Runs, run)
	}
}

// madeOn is the machine of a run: its system, architecture, kernel, build and host.
func (r *run) madeOn() (is [5]string) {
	tree, _ := parseJSON(r.around) // nothing, where nothing is said
	members, _ := tree.(map[string]any)
	for i, name := range [...]string{"system", "machine", "kernel", "build", "host"} {
		switch v := members[name].(type) {
		case nil:
			continue
		case string:
			if len(v) <= maxMachineText {
				is[i] = v
				continue
			}
		}
		sum := sha256.Sum256([]byte(canonical(members[name])))
		is[i] = hex.EncodeToString(sum[:])
	}
	return is
}
