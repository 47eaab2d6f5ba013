package compare

import (
	"cmp"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// surroundings says what the verdict has of what was around the sealed runs.
func surroundings(v *events.Verdict, sealed []int, src Source) error {
	names := vary.Union(v.Variations, v.Fixed)
	if len(names) == 0 && !v.Spread {
		return nil
	}
	said := make([]canon.Value, len(sealed))
	for i, run := range sealed {
		var err error
		if said[i], err = src.Surroundings(run); err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
	}
	notVaried(v, names, sealed, said)
	if !v.Spread {
		return nil
	}
	var err error
	v.Machines, err = machines(sealed, said, src)
	return err
}

// notVaried says which runs do not have the variations that were asked for.
func notVaried(v *events.Verdict, names []vary.Name, sealed []int, said []canon.Value) {
	for _, name := range names {
		missed := events.NotVaried{Name: name}
		for i, run := range sealed {
			if why := events.NotVariedReason(said[i], name); why != "" {
				missed.Reason = cmp.Or(missed.Reason, why)
				missed.Runs = append(missed.Runs, run)
			}
		}
		if len(missed.Runs) > 0 {
			v.NotVaried = append(v.NotVaried, missed)
		}
	}
}

// machines says which runs were made where, in the order of their lowest runs. A run that
// was gone on with elsewhere stands with each of its machines.
func machines(sealed []int, said []canon.Value, src Source) (list []events.Machine, err error) {
	for i, run := range sealed {
		on, err := src.Resumed(run)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", run, err)
		}
		list = madeOn(list, run, events.MachineOf(said[i]))
		for _, said := range on {
			if m := events.MachineOf(said); m.Said() {
				list = madeOn(list, run, m)
			}
		}
	}
	return list, nil
}

// madeOn adds a run to its machine, and that to the list where there is room.
func madeOn(list []events.Machine, run int, m events.Machine) []events.Machine {
	at := slices.IndexFunc(list, func(o events.Machine) bool { return o.Same(&m) })
	switch {
	case at < 0 && len(list) == events.MaxMachines:
	case at < 0:
		m.Runs = []int{run}
		list = append(list, m)
	case list[at].Runs[len(list[at].Runs)-1] != run:
		list[at].Runs = append(list[at].Runs, run)
	}
	return list
}
