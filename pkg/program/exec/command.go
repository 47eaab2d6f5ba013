package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/vary"
	"abraxas.dev/ers/pkg/worker"
)

// run runs a task's command in a place of its own and makes a value of what it came to.
func (r *Run) run(ctx context.Context, t *task, in *scheduler.Input) (any, error) {
	v, err := r.runCommand(ctx, t, in)
	if err != nil {
		return nil, fatal(fmt.Errorf("task %q: %w", t.Name, err))
	}
	return v, nil
}

func (r *Run) runCommand(ctx context.Context, t *task, in *scheduler.Input) (v canon.Value, err error) {
	if t.oneByOne() {
		if err := r.alone.take(ctx); err != nil {
			return "", err
		}
		defer r.alone.give()
	}
	at, err := r.newDesk(ctx, t, &r.variation)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	c := &attempt{Run: r, task: t, desk: at, files: make(map[string]*os.File)}
	defer c.close()
	if t.Command.Setup != "" {
		if err := c.shell(ctx, "setup", t.Command.Setup); err != nil {
			return "", err
		}
	}
	if err := at.look(ctx); err != nil {
		return "", err
	}
	output, err := c.execute(ctx, in)
	if err != nil {
		return "", err
	}
	if t.Command.Probe != "" {
		if err := c.shell(ctx, rules.Probe, t.Command.Probe); err != nil {
			return "", err
		}
		output.Probe = c.source(rules.Probe)
	}
	if output.Files, err = at.changes(t.Command.Out); err != nil {
		return "", err
	}
	return c.value(ctx, output)
}

// attempt is one run of a task's command.
type attempt struct {
	*Run
	task  *task
	desk  *desk
	files map[string]*os.File // what was written to them, by name
}

// execute runs the command itself.
func (c *attempt) execute(ctx context.Context, in *scheduler.Input) (*command.Output, error) {
	stdin, err := c.stdin(ctx, in)
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	if c.variation.Varied(vary.Stdin) {
		if stdin, err = piped(stdin); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		defer stdin.Close()
		c.variation.varied(vary.Stdin, "a pipe")
	}
	exit, err := c.start(ctx, c.task.site.argv(c.desk.dir), stdin, rules.Stdout, rules.Stderr)
	if err != nil {
		return nil, err
	}
	return &command.Output{Exit: exit.Code, Signal: exit.Signal, Stdout: c.source(rules.Stdout), Stderr: c.source(rules.Stderr)}, nil
}

// shell runs what prepares a run or looks at what it left. It must succeed: it says nothing
// about the command.
func (c *attempt) shell(ctx context.Context, what, line string) error {
	exit, err := c.start(ctx, []string{"/bin/sh", "-c", line}, nil, what, what+" errors")
	if err == nil && (exit.Code != 0 || exit.Signal != "") {
		err = fmt.Errorf("%s ended with %s%s", what, exit, c.quote(what+" errors"))
	}
	return err
}

// start runs a program to its end. The error says what ended it from outside.
func (c *attempt) start(ctx context.Context, argv []string, stdin *os.File, stdout, stderr string) (process.Exit, error) {
	for _, name := range []string{stdout, stderr} {
		f, err := os.Create(filepath.Join(c.desk.private, strings.ReplaceAll(name, " ", "-")))
		if err != nil {
			return process.Exit{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		c.files[name] = f
	}
	varied := c.variation.process()
	p, err := process.Start(ctx, process.Spec{
		Command: argv, Env: c.environment(), Dir: c.desk.dir, Stdin: stdin, Stdout: c.files[stdout], Stderr: c.files[stderr],
		Overlay: c.desk.overlay, Binds: c.desk.allBinds(), Network: network(c.task.Command.Network), Hide: append(c.desk.allHidden(c.Hide), c.desk.hide...), Memory: c.task.Command.Memory,
		Threads: c.task.Command.MostProcesses(), Scratch: c.desk.private, Written: c.task.Command.MostDisk(), Varied: varied,
	})
	if errors.Is(err, process.ErrUnavailable) {
		return process.Exit{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil {
		return process.Exit{}, err
	}
	c.had(p.Confinement())
	c.variation.had(varied, p.Confinement())
	limit := time.Duration(c.task.Command.Timeout) * time.Millisecond
	timer := time.AfterFunc(limit, func() {
		p.Kill(fmt.Sprintf("it took longer than %s: raise timeout (--run-timeout of `ers try`), or let it do less", limit))
	})
	exit := p.Wait()
	timer.Stop()
	switch {
	case ctx.Err() != nil:
		return exit, ctx.Err()
	case exit.Outside != "":
		return exit, fmt.Errorf("%s was ended: %s%s", argv[0], exit.Outside, c.quote(stderr))
	}
	return exit, nil
}

// environment is all that the command has.
func (c *attempt) environment() []string {
	var passed []string
	for _, name := range c.task.Command.Pass {
		if value, ok := os.LookupEnv(name); ok {
			passed = append(passed, name+"="+value)
		}
	}
	return append(passed, c.desk.environment(c.variation.environment(c.task.Command.Env, c.task.Command.Pass), c.task.Command.Env)...)
}

// stdin opens what the command reads: what the definition gives it, or else the tick as a
// worker is told it, in one line.
func (c *attempt) stdin(ctx context.Context, in *scheduler.Input) (*os.File, error) {
	path := filepath.Join(c.desk.private, "stdin")
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if given := c.task.Command.Stdin; given != nil {
		err = c.copyObject(ctx, f, given.SHA256)
	} else {
		results, _ := in.Seen()
		var line []byte
		line, err = worker.AppendTick(nil, &worker.Tick{Tick: in.Tick(), Context: in.Context(), Results: results, Tasks: []string{c.task.Name}})
		if err == nil {
			_, err = f.Write(line)
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return os.Open(path)
}

// piped is a pipe out of which comes what is in a file.
func piped(f *os.File) (*os.File, error) {
	again, err := os.Open(f.Name())
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, again.Close())
	}
	go func() {
		_, _ = io.Copy(in, again) // a command need not read all of it
		_, _ = in.Close(), again.Close()
	}()
	return out, nil
}

func (c *attempt) copyObject(ctx context.Context, to io.Writer, sha256 string) error {
	r, err := c.Objects.Open(ctx, sha256)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(to, r)
	return err
}

// value makes the value of what the command came to, and keeps the contents that it names.
func (c *attempt) value(ctx context.Context, o *command.Output) (canon.Value, error) {
	var opt command.Options
	var err error
	if opt.As, err = command.ParseAs(c.task.Command.As); err != nil {
		return "", err
	}
	if opt.Rules, err = rules.Compile(c.task.Rules); err != nil {
		return "", err
	}
	made, err := o.Make(opt)
	if err != nil {
		return "", err
	}
	for i := range made.Objects {
		m := &made.Objects[i]
		if err := c.Objects.Put(ctx, m.SHA256, m.Size, m.Open); err != nil {
			return "", fmt.Errorf("keep %s: %w", m.Name, err)
		}
	}
	c.extra.Objects = append(c.extra.Objects, made.Named(c.task.Name)...)
	if len(c.task.Rules) > 0 {
		c.ruled = append(c.ruled, scheduler.Ruled{Task: c.task.Name, Counts: made.Counts})
	}
	for _, note := range made.Notes {
		c.log.Warn().Str("task", c.task.Name).Msg(note)
	}
	return canon.Value(made.Value), nil
}

// source is what was written to a file.
func (c *attempt) source(name string) command.Source { return fileSource{c.files[name].Name()} }

// quote is the end of a file for a reason, "" when nothing was written.
func (c *attempt) quote(name string) string {
	const most = 2 << 10
	f := c.files[name]
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return ""
	}
	text := make([]byte, min(info.Size(), most))
	n, _ := f.ReadAt(text, info.Size()-int64(len(text)))
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(text[:n]), "\uFFFD")), "\n")
	return "; the end of its standard error: " + strings.Join(lines[max(0, len(lines)-tailLines):], " ⏎ ")
}

func (c *attempt) close() {
	for _, f := range c.files {
		_ = f.Close()
	}
}

// fileSource is a content in a file.
type fileSource struct{ path string }

func (f fileSource) Open() (io.ReadCloser, error) { return os.Open(f.path) }

func (f fileSource) Size() int64 {
	info, err := os.Stat(f.path)
	if err != nil {
		return -1 // opening it says why
	}
	return info.Size()
}

// had notes what a command of the run had of what was asked for.
func (c *attempt) had(x process.Confinement) {
	if c.commands == nil {
		c.commands = make(map[string]any)
	}
	if _, known := c.commands[c.task.Name]; !known {
		c.commands[c.task.Name] = map[string]any{"confinement": confinement(x), "folder": c.desk.how, "program": c.task.site.record()}
	}
}
