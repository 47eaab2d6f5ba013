package exec

import (
	"os"
	"runtime"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// surroundings is what a run has around it that must not matter, for the record.
func (r *Run) surroundings() (canon.Value, error) {
	environment := make(map[string]any)
	for _, v := range Given(os.Environ()) {
		name, value, _ := strings.Cut(v, "=")
		environment[name] = strings.ToValidUTF8(value, "\uFFFD")
	}
	host, _ := os.Hostname()
	around := map[string]any{
		"build": r.Build, "cpus": runtime.NumCPU(), "environment": environment, "host": strings.ToValidUTF8(host, "\uFFFD"),
		"kernel": kernel(), "machine": runtime.GOARCH, "system": runtime.GOOS,
	}
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
	return canon.Of(around)
}
