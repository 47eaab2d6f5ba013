package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// The most bytes of one text about a machine, the most machines of a verdict, and of how
// many ticks of a run, in which somebody went on with it, it has the machines.
const (
	maxMachineText = 64
	maxMachines    = 64
	maxResumed     = 256
)

// site is a machine: its system, architecture, kernel, build and host.
type site [5]string

// machines says where the sealed runs of a window were made that compares machines.
func (j *judgement) machines(sealed []int) {
	if !j.request.Spread {
		return
	}
	at := map[site]int{} // the index of a machine in the list
	for _, run := range sealed {
		for _, is := range j.runs[run].on {
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
}

// place notes where a frame says that the run was made. It returns whether somebody went on
// with the run there.
func (r *run) place(f *frame) (resumed bool) {
	first := r.hashed == 0 && r.part == nil
	if first {
		r.around = f.around
	} else if f.around == nil || f.difference != nil {
		return false
	}
	is := siteOf(f.around)
	if !first {
		if is == (site{}) {
			return false
		}
		if r.part == nil || !r.part.resumed {
			r.resumed++
		}
	}
	if r.resumed <= maxResumed && !slices.Contains(r.on, is) {
		r.on = append(r.on, is)
	}
	return !first
}

// siteOf reads what the surroundings of a run say of its machine.
func siteOf(around []byte) (is site) {
	tree, _ := parseJSON(around) // nothing, where nothing is said
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
