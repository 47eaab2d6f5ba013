package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// Program is a program of a user's that has tasks of its own, and the commands run, up,
// submit and worker of this package for them.
type Program struct {
	// File returns the program's pipeline, with a pipeline file read over it; "" is none.
	File func(name string) (*pipeline.File, error)
	// Load makes the program of a window, as of coordinator.Config.
	Load func(b *bus.Bus) func(context.Context, *events.WindowRequest) (coordinator.Program, error)
	// Serve serves the tasks as a worker, until in ends.
	Serve func(ctx context.Context, in io.Reader, out io.Writer) error
}

const programDescription = `%s has tasks of its own, and ERS tells whether they give the same outputs for the same
inputs: twelve runs over the same contexts, recorded on NATS JetStream, hashed by a party
that did not make them, and found equal to the byte, or where, in what and in which runs
they differ.

The command ers shows what is recorded: ers show, ers view, ers audit, ers replay.

Exit codes: 0 pass, 1 fail, 2 could not tell.`

// programCommands are the commands of a user's program.
type programCommands struct {
	Run    runCommand    `cmd:"" help:"Run a window of the tasks here and print its verdict."`
	Up     programUp     `cmd:"" help:"Run server and services, for windows of the tasks alone, until stopped."`
	Submit submitCommand `cmd:"" help:"Ask a server for a window and wait for its verdict: one where this program is up."`
	Worker serveCommand  `cmd:"" help:"Serve the tasks over standard input and output, as ERS starts it: see docs/worker-protocol.md."`
}

// programUp is up for the windows of one pipeline.
type programUp struct {
	File string `short:"f" placeholder:"FILE" type:"path" help:"Pipeline file (YAML), for the pipeline's name."`
	upCommand
}

func (c *programUp) Run(ctx context.Context, io *streams) error {
	f, err := io.program.File(c.File)
	if err != nil {
		return err
	}
	c.pipeline = f.Definition.Name
	return c.upCommand.Run(ctx, io)
}

type serveCommand struct{}

func (*serveCommand) Run(ctx context.Context, io *streams) error {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		io.say("this is a worker, which ERS starts and speaks to on standard input; stop it with Ctrl-C")
	}
	return io.program.Serve(ctx, io.in, io.out)
}

// ProgramMain is the main of a user's program. It does not return. What the tasks print
// goes to standard error: standard output is for the command's results, and the worker's
// protocol.
func ProgramMain(p *Program) {
	io := newStreams()
	io.program = p
	os.Stdout = os.Stderr
	os.Exit(parse(new(programCommands), os.Args[1:], io, kong.Description(fmt.Sprintf(programDescription, io.name()))))
}

// hide leaves a flag out of the help of all commands.
func hide(n *kong.Node, flag string) {
	for _, f := range n.Flags {
		f.Hidden = f.Hidden || f.Name == flag
	}
	for _, child := range n.Children {
		hide(child, flag)
	}
}

// name is what the command is called that this is.
func (s *streams) name() string {
	if s.program == nil {
		return "ers"
	}
	return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
}

// load reads the pipeline file that is named, which a program with tasks of its own can
// do without.
func (s *streams) load(ctx context.Context, file string) (*pipeline.File, error) {
	switch {
	case s.program != nil:
		return s.program.File(file)
	case file == "":
		return nil, noFile()
	}
	return loadFile(ctx, s, file)
}

// noServer is errNoServer for a program, whose windows no other process runs.
func (s *streams) noServer(err error) error {
	if s.program != nil && errors.Is(err, errNoServer) {
		return fmt.Errorf("no server given: use --nats URL or set NATS_URL; `%s up` starts one", s.name())
	}
	return err
}

// programExamples are those of a user's program, by command.
var programExamples = map[string]string{
	"run": `  NAME run                                     twelve runs, then the verdict
  NAME run -f pipeline.yaml                    with budgets, contexts and ticks of a file
  NAME run --runs 3 --ticks 100 --json | jq .outcome
  NAME run --store data                        the streams are kept: ers show --store data
  NAME run --junit ers.xml --github            in CI
`,
	"up": `  NAME up                                      a server on 127.0.0.1:4222, streams in ./ers-data
  NAME up --nats nats://other:4222             the services alone, on another server
`,
	"submit": `  NAME submit --nats nats://127.0.0.1:4222
  NAME submit -f pipeline.yaml --no-wait       with NATS_URL set
`,
	"worker": `  workers: {mine: {command: [./NAME, worker]}} in a pipeline file of ers
`,
}

// examplesOf are shown at the end of a command's help.
func (s *streams) examplesOf(command string, of any) string {
	if s.program != nil {
		return strings.ReplaceAll(programExamples[command], "NAME", s.name())
	}
	if e, ok := of.(examples); ok {
		return e.examples()
	}
	return ""
}

// noFile is the error for a command that was given no pipeline file. None is taken by
// itself: what it runs has to be named.
func noFile() error {
	const usual = "pipeline.yaml" // as ers init writes it
	if _, err := os.Stat(usual); err == nil {
		return errors.New("no pipeline file: use -f FILE; -f " + usual + " is the one in this folder")
	}
	return errors.New("no pipeline file: use -f FILE; `ers init DIR` writes one to begin with")
}
