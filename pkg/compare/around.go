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
	if v.Spread {
		v.Machines = machines(sealed, said)
	}
	return nil
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

// machines says which runs were made where, in the order of their lowest runs.
func machines(sealed []int, said []canon.Value) (list []events.Machine) {
	for i, run := range sealed {
		m := events.MachineOf(said[i])
		at := slices.IndexFunc(list, func(o events.Machine) bool { return o.Same(&m) })
		if at < 0 && len(list) == events.MaxMachines {
			continue
		}
		if at < 0 {
			at, list = len(list), append(list, m)
		}
		list[at].Runs = append(list[at].Runs, run)
	}
	return list
}
