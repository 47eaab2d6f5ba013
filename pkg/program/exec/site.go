package exec

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program"
)

// Find finds the executable of a command in a folder, or on the PATH that it is given. how
// is what stood between the name and the executable, "" for nothing.
func Find(ctx context.Context, p *program.Process, dir string) (real, how string, err error) {
	path := os.Getenv("PATH")
	for _, v := range p.Env {
		if v.Name == "PATH" {
			path = v.Value
		}
	}
	return process.Resolve(ctx, p.Command[0], path, dir)
}

// find finds the executable of a command: on the PATH that it is given, or, when it is
// named by a path, among its files, or in the folder on which it works. A file of its own
// is found where the process starts.
func (s *site) find(ctx context.Context, dir string) error {
	name := s.Command[0]
	s.command = append([]string{name}, s.Command[1:]...)
	if len(s.Files) > 0 || dir == "" {
		dir = s.files
	}
	real, how, err := Find(ctx, s.Process, dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHere, err)
	}
	s.how = how
	if in, err := filepath.Rel(dir, real); strings.ContainsRune(name, filepath.Separator) && err == nil && filepath.IsLocal(in) {
		s.inside = in // seen from wherever the folder is mounted or copied to
	}
	s.command[0] = real
	s.described = sync.OnceValue(func() process.Description {
		d, _ := process.Describe(context.WithoutCancel(ctx), real, s.variables(), s.files)
		return d
	})
	return nil
}

// argv is the command of a process that starts in a folder.
func (s *site) argv(dir string) []string {
	if s.inside == "" {
		return s.command
	}
	return append([]string{filepath.Join(dir, s.inside)}, s.command[1:]...)
}

// variables are what matters to what an interpreter finds.
func (s *site) variables() []string {
	env := Given(os.Environ())
	for _, v := range s.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// record is what is recorded of the program.
func (s *site) record() map[string]any {
	d := s.described()
	m := map[string]any{"command": texts(s.Command), "executable": valid(d.Path)}
	for name, text := range map[string]string{"found": s.how, "version": d.Version, "unknown": d.Unknown} {
		if text != "" {
			m[name] = valid(text)
		}
	}
	if len(d.Packages) > 0 {
		m["packages"] = texts(d.Packages)
	}
	return m
}

func texts(list []string) []string {
	all := make([]string, len(list))
	for i, text := range list {
		all[i] = valid(text)
	}
	return all
}

func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// confinement is what is recorded of what a process had of what was asked for.
func confinement(c process.Confinement) map[string]any {
	m := make(map[string]any)
	for name, text := range map[string]string{"folder": c.Folder, "network": c.Network, "hidden": c.Hidden, "memory": c.Memory, "rights": c.Rights, "calls": c.Calls, "processes": c.Processes, "rest": c.Rest} {
		if text != "" {
			m[name] = valid(text)
		}
	}
	return m
}
