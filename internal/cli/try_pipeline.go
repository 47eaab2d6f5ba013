package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/internal/size"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/rules"
)

// memoryFlag is a number of bytes.
type memoryFlag int64

func (m *memoryFlag) UnmarshalText(text []byte) error {
	n, err := size.Parse(string(text))
	*m = memoryFlag(n)
	return err
}

// durationMS is a time in milliseconds.
type durationMS int64

func (d *durationMS) UnmarshalText(text []byte) error {
	t, err := time.ParseDuration(string(text))
	if err != nil || t < time.Millisecond {
		return fmt.Errorf("%.40q: want a time such as 90s or 10m", text)
	}
	*d = durationMS(t.Milliseconds())
	return nil
}

type networkFlag string

// pipeline makes a pipeline of one command. done removes what was kept of standard input.
func (c *tryCommand) pipeline(io *streams) (f *pipeline.File, done func(), err error) {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	if len(c.Command) == 0 {
		return nil, nil, errors.New("no command: write it behind --, as in `ers try -- python3 report.py`")
	}
	dir, err := c.workingFolder()
	if err != nil {
		return nil, nil, err
	}
	contexts, err := program.NewContexts("{}")
	if err != nil {
		return nil, nil, err
	}
	stdin, done, err := keepInput(io)
	if err != nil {
		return nil, nil, fmt.Errorf("standard input: %w", err)
	}
	command, err := c.command(stdin)
	if err != nil {
		done()
		return nil, nil, err
	}
	name := c.pipelineName(dir)
	task := program.Task{Name: name, Lane: events.Forecast, Tags: []string{}, Command: command}
	if task.Rules, err = c.rules(); err != nil {
		done()
		return nil, nil, err
	}
	f = &pipeline.File{
		Definition: &program.Definition{Schema: program.DefinitionSchema, Name: name, Kind: program.KindExec, Tasks: []program.Task{task}},
		Contexts:   contexts, Runs: c.Runs, Ticks: 1, Dir: dir,
		Contents: map[string]pipeline.Content{command.Stdin.SHA256: stdin},
	}
	if err = c.vary(f); err == nil {
		err = f.Check()
	}
	if err == nil {
		if fault := f.Definition.Check(); fault != nil {
			err = errors.New(fault.Msg)
		}
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

func (c *tryCommand) workingFolder() (string, error) {
	dir := c.Dir
	if dir == "" {
		dir = "."
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("--dir: %s is not a folder", dir)
	}
	return dir, nil
}

func (c *tryCommand) command(stdin pipeline.Content) (*program.Command, error) {
	command := &program.Command{
		Process: program.Process{Command: c.Command, Memory: int64(c.Memory), Processes: c.Procs, Disk: int64(c.Disk), Timeout: int64(c.Limit), Network: string(c.Network)},
		InPlace: c.InPlace, Setup: c.Setup, Probe: c.Probe, Out: c.Out, As: c.As,
		Stdin: &program.File{SHA256: stdin.SHA256(), Size: stdin.Size},
	}
	if c.ExpectExit != nil {
		command.ExpectExit = *c.ExpectExit
	}
	for _, v := range c.Env {
		name, value, given := strings.Cut(v, "=")
		if !given {
			command.Pass = append(command.Pass, name)
			continue
		}
		command.Env = append(command.Env, program.Variable{Name: name, Value: value})
	}
	slices.Sort(command.Pass)
	slices.SortFunc(command.Env, func(a, b program.Variable) int { return strings.Compare(a.Name, b.Name) })
	return command, nil
}

// findProgram makes sure, before anything is recorded, that the program is there.
func (c *tryCommand) findProgram(ctx context.Context, io *streams, f *pipeline.File) error {
	command := f.Definition.Tasks[0].Command
	for _, name := range command.Pass {
		if _, set := os.LookupEnv(name); !set {
			io.say("note: --env %s: there is no such variable here, and the command gets none", name)
		}
	}
	name := command.Command[0]
	_, _, err := exec.Find(ctx, &command.Process, f.Dir)
	if info, e := os.Stat(filepath.Join(f.Dir, name)); err != nil && e == nil && info.Mode().IsRegular() && filepath.Base(name) == name {
		return fmt.Errorf("%w; the file of the folder is ./%s", err, name)
	}
	return err
}

func (c *tryCommand) rules() (list []rules.Rule, err error) {
	add := func(texts []string, parse func(string) (rules.Rule, error)) {
		for _, text := range texts {
			r, e := parse(text)
			list, err = append(list, r), errors.Join(err, e)
		}
	}
	add(c.Ignore, rules.ParseIgnore)
	add(c.Round, rules.ParseRound)
	return list, err
}

// pipelineName is what the window is called: as the user says, or as the program's file,
// a script's rather than its interpreter's.
func (c *tryCommand) pipelineName(dir string) string {
	for _, name := range []string{c.Name, c.Lock} {
		if name != "" {
			return name
		}
	}
	name := filepath.Base(c.Command[0])
	for _, arg := range c.Command[1:] {
		path := arg
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			name = strings.TrimSuffix(filepath.Base(arg), filepath.Ext(arg))
			break
		}
	}
	token := func(r rune) rune {
		if r < 0x80 && (r == '_' || r == '-' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z') {
			return r
		}
		return '_'
	}
	if name = strings.Map(token, name); name == "" {
		name = "try"
	}
	return name[:min(len(name), events.MaxPipelineName)]
}

// keepInput reads standard input once, unless it is a terminal.
func keepInput(from *streams) (kept pipeline.Content, done func(), err error) {
	done = func() {}
	in, ok := from.in.(*os.File)
	if !ok || term.IsTerminal(int(in.Fd())) {
		return kept, done, nil
	}
	f, err := os.CreateTemp("", "ers-stdin-")
	if err != nil {
		return kept, done, err
	}
	done = func() { _ = os.Remove(f.Name()) }
	word := time.AfterFunc(2*time.Second, func() {
		from.say("reading standard input to its end; give it `< /dev/null` when there is none")
	})
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), in)
	word.Stop()
	if err = errors.Join(err, f.Close()); err != nil {
		done()
		return kept, nil, err
	}
	return pipeline.Content{Path: f.Name(), Size: n, Hash: hex.EncodeToString(sum.Sum(nil))}, done, nil
}
