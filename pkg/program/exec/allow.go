package exec

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// Allow says which definitions may have processes started here. The zero value allows none.
type Allow struct {
	all    bool
	hashes map[string]bool // "definition HASH", "worker HASH"
}

// AllowAll allows every definition: for who runs what its user names.
var AllowAll = &Allow{all: true}

// ParseAllow reads a list of what may run: a line is "definition SHA256", "worker SHA256" (see
// [WorkerSHA256]), or "any". Empty lines and what follows a # are passed over.
func ParseAllow(text string) (*Allow, error) {
	a := &Allow{hashes: make(map[string]bool)}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) == 1 && words[0] == "any":
			a.all = true
		case len(words) == 2 && (words[0] == "definition" || words[0] == "worker") && events.IsHash(words[1]):
			a.hashes[words[0]+" "+words[1]] = true
		default:
			return nil, fmt.Errorf("line %d: %.80q: want definition SHA256, worker SHA256, or any; `ers validate` prints the hashes of a pipeline", n, line)
		}
	}
	return a, lines.Err()
}

// WorkerSHA256 names a worker by all that it is: command, files, environment and limits.
func WorkerSHA256(w *program.Worker) string {
	data, err := events.Encode(w)
	if err != nil {
		panic(err) // a definition that was checked has nothing that cannot be encoded
	}
	return canon.Sum(data).String()
}

// Warn says, where something is allowed, what it sees that it should not.
func (a *Allow) Warn(log zerolog.Logger) {
	if a.Empty() {
		return
	}
	if why := Unhidden(); why != "" {
		log.Warn().Msg(why)
	}
}

// Empty tells that nothing is allowed.
func (a *Allow) Empty() bool { return a == nil || !a.all && len(a.hashes) == 0 }

// Check says why a definition may not run here, nil when it may: it is in the list, or all
// its tasks are of workers that are.
func (a *Allow) Check(d *program.Definition) error {
	if a.Empty() {
		return fmt.Errorf("%w: it starts no programs of others; start it with --allow-exec=FILE, a list of definitions and workers", ErrHere)
	}
	if a.all || a.hashes["definition "+d.SHA256()] {
		return nil
	}
	for i := range d.Tasks {
		if d.Tasks[i].Command != nil {
			return fmt.Errorf("%w: definition %s is not in its --allow-exec list, and has commands", ErrHere, d.SHA256())
		}
	}
	for i := range d.Workers {
		if hash := WorkerSHA256(&d.Workers[i]); !a.hashes["worker "+hash] {
			return fmt.Errorf("%w: neither definition %s nor worker %s (%s) is in its --allow-exec list", ErrHere, d.SHA256(), hash, d.Workers[i].Name)
		}
	}
	return nil
}
