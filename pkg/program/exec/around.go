package exec

import (
	"os"
	"strings"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/canon"
)

// surroundings is what a run has around it that must not matter, for the record.
func (r *Run) surroundings() (canon.Value, error) {
	environment := make(map[string]any)
	for _, v := range Given(os.Environ()) {
		name, value, _ := strings.Cut(v, "=")
		environment[name] = strings.ToValidUTF8(value, "\uFFFD")
	}
	around := process.Machine()
	around["build"], around["environment"] = r.Build, environment
	workers := make(map[string]any)
	for key, s := range r.servers {
		about := make(map[string]any)
		for name, value := range s.hello.About {
			about[name] = value
		}
		workers[key.worker+" "+key.lane.String()] = map[string]any{"about": about, "confinement": confinement(s.process.Confinement()), "program": s.site.record()}
	}
	if len(workers) > 0 {
		around["workers"] = workers
	}
	if len(r.commands) > 0 {
		around["commands"] = r.commands
	}
	if r.variation.Any() {
		r.variation.record.AddTo(around)
	}
	return canon.Of(around)
}
