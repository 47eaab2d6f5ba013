package exec

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/process"
)

// find finds the executable of a command: on the PATH, or in the folder of its files when
// it is named by a path.
func (s *site) find() error {
	name := s.Command[0]
	s.command = append([]string{name}, s.Command[1:]...)
	if strings.ContainsRune(name, filepath.Separator) {
		return nil // seen from where it starts
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%w: there is no program %q on the PATH: %w", ErrHere, name, err)
	}
	s.command[0] = path
	return nil
}

// record is what is recorded of the program.
func (s *site) record() map[string]any {
	return map[string]any{"command": s.command}
}

// confinement is what is recorded of what a process had of what was asked for.
func confinement(c process.Confinement) map[string]any {
	m := make(map[string]any)
	for name, text := range map[string]string{"folder": c.Folder, "network": c.Network, "hidden": c.Hidden, "memory": c.Memory, "rest": c.Rest} {
		if text != "" {
			m[name] = strings.ToValidUTF8(text, "\uFFFD")
		}
	}
	return m
}
