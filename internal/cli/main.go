// Package cli is the command line of ers, the tool for people: it runs windows of a
// pipeline and tells their verdicts, here or on a fleet, and reads traces back for replay
// and audit. A file is about one command or about what several share.
//
// Results go to standard output, talk to standard error. The exit code is 0 for a
// pass, 1 for a fail, and 2 when it could not be told.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/flags"
	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/stop"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// Exit codes of every command.
const (
	exitPass    = 0
	exitFail    = 1
	exitUnknown = 2
)

// errFail ends a command whose answer is fail and whose output says so already.
// errUnknown is its twin for an answer that could not be had.
var (
	errFail    = errors.New("fail")
	errUnknown = errors.New("could not tell")
)

const description = `ERS tells whether the same inputs give the same outputs.

It runs a pipeline of tasks twelve times over the same contexts, records every run as
a trace on NATS JetStream, has the traces hashed by a party that did not make them,
and says: equal to the byte, or where, in what and in which runs they differ.

Exit codes: 0 pass, 1 fail, 2 could not tell.`

type commands struct {
	Init      initCommand      `cmd:"" help:"Begin: write a commented pipeline that passes."`
	Run       runCommand       `cmd:"" help:"Run a window of a pipeline here and print its verdict."`
	Try       tryCommand       `cmd:"" help:"Run a program twelve times from the same start, and tell whether it does the same each time."`
	Validate  validateCommand  `cmd:"" help:"Find every mistake in a pipeline file, or tell what is in it."`
	Accept    acceptCommand    `cmd:"" help:"Write down what a pipeline comes to, for later runs to be held against."`
	Check     checkCommand     `cmd:"" help:"Check this installation: the invariance check of the Python ERS, through server, coordinator, hasher and gate."`
	Up        upCommand        `cmd:"" help:"Run server and services in one process until stopped."`
	Submit    submitCommand    `cmd:"" help:"Ask a server for a window and wait for its verdict."`
	Blame     blameCommand     `cmd:"" help:"Find out which variation makes the runs of a window differ."`
	Wait      waitCommand      `cmd:"" help:"Wait for the verdict of a window that was asked for."`
	List      listCommand      `cmd:"" help:"List windows and what they came to."`
	Cancel    cancelCommand    `cmd:"" help:"Give up the runs of a window that are not complete."`
	Repair    repairCommand    `cmd:"" help:"Go on after a stream was removed, restored or cut short, and say what is lost."`
	Streams   streamsCommand   `cmd:"" help:"Create the streams on a server, or look at them."`
	Auth      authCommand      `cmd:"" help:"Make a server that knows who may do what."`
	View      viewCommand      `cmd:"" help:"Serve the page on which windows, runs and failures are seen."`
	Show      showCommand      `cmd:"" help:"Draw a window, runs by ticks, and tell its verdict."`
	Diff      diffCommand      `cmd:"" help:"Compare two windows: what was asked for, and where the runs differ first."`
	Replay    replayCommand    `cmd:"" help:"Print the events of a window as JSON Lines."`
	Export    exportCommand    `cmd:"" help:"Write a window down in another form: artifacts for AAL-Viz, CSV, JSON Lines."`
	Audit     auditCommand     `cmd:"" help:"Recompute every digest and verdict from the streams, by a path of its own."`
	Archive   archiveCommand   `cmd:"" help:"Write whole windows into a folder that is read like a store."`
	Prune     pruneCommand     `cmd:"" help:"Free archived windows on the server, and leave a tombstone that says where they are."`
	Top       topCommand       `cmd:"" help:"Follow windows and verdicts live."`
	Tail      tailCommand      `cmd:"" help:"Follow a subject as JSON Lines."`
	Decode    decodeCommand    `cmd:"" help:"Turn one message of the bus on standard input into JSON."`
	Hash      hashCommand      `cmd:"" help:"Print the trace_sha256 of a trace."`
	Trendpack trendpackCommand `cmd:"" help:"Turn a trace into TrendPack documents for AAL-Viz, one a tick."`
	Canon     canonCommand     `cmd:"" help:"Print the canonical bytes of JSON values and their SHA-256."`
	Worker    workerCommand    `cmd:"" help:"For those who write workers: programs that run tasks."`
	Bench     benchCommand     `cmd:"" help:"Measure how fast this is here, beside the bus alone and beside Python."`

	Schema     schemaCommand     `cmd:"" help:"Print the JSON Schema of pipeline files, for editors."`
	Completion completionCommand `cmd:"" help:"Print the script that completes the command line in bash, zsh or fish."`
	Complete   completeCommand   `cmd:"" hidden:""`
	Version    versionCommand    `cmd:"" help:"Tell which ers this is, and which versions it speaks."`
	Help       helpCommand       `cmd:"" help:"Explain a command."`
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out      io.Writer
	err      *os.File
	colorOut bool // standard output is a terminal that has colours, and NO_COLOR is not set
	colorErr bool
	width    int // of the terminal; 0: none
	widthErr int

	program *Program // whose command this is; nil: it is ers
}

// Main is the main of the command. It does not return.
func Main() {
	evaluator.Main()
	process.Main()
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	return parse(new(commands), args, newStreams(), kong.Description(description))
}

// newStreams are those of the process.
func newStreams() *streams {
	io := &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		io.colorOut, io.colorErr = term.IsTerminal(int(os.Stdout.Fd())), term.IsTerminal(int(os.Stderr.Fd()))
	}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		io.width = width
	}
	if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil {
		io.widthErr = width
	}
	return io
}

// columns is how many columns what is drawn may have.
func (s *streams) columns() int {
	if s.width == 0 {
		return 80
	}
	return s.width
}

// parse runs the one of the commands that the arguments name, and returns the exit code.
func parse(commands any, args []string, io *streams, more ...kong.Option) int {
	more = append(more, texts()...)
	exited := -1
	name := io.name()
	file := "Pipeline file (YAML)."
	if io.program != nil {
		file = "Pipeline file (YAML), for what it changes in the program's pipeline."
	}
	parser := kong.Must(commands, append(append(more, flags.Numbers()...), kong.Name(name), kong.Vars{"address": page.DefaultAddress, "memory": evaluator.Size(evaluator.DefaultMemory).String(), "file": file}, kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(io.help), kong.Writers(io.out, io.err), kong.Exit(func(code int) { exited = code }))...)
	if io.program != nil {
		for _, flag := range []string{"evaluator-memory", "allow-exec"} {
			hide(parser.Model.Node, flag) // its tasks are in this process
		}
	}
	command, err := parser.Parse(asksForHelp(args))
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		io.say("%s", usageError(err))
		return exitUnknown
	}
	if err := emptyList(command); err != nil {
		io.say("%v", err)
		return exitUnknown
	}
	if err := daemon.ChooseServer(command, func(text string) { fmt.Fprintf(io.err, "%s: %s\n", name, text) }); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return exitUnknown
	}
	ctx, release := stop.OnSignal(name)
	defer release()
	command.BindTo(ctx, (*context.Context)(nil))
	return io.exitCode(ctx, command.Run(io))
}

// exitCode says on standard error what has not been said yet.
func (s *streams) exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitPass
	case errors.Is(err, errFail):
		return exitFail
	case errors.Is(err, errUnknown):
		return exitUnknown
	case ctx.Err() != nil:
		s.say("stopped before there was an answer")
		return exitUnknown
	}
	s.say("%s", bus.Redact(err.Error()))
	return exitUnknown
}

// examples of a command are shown at the end of its help.
type examples interface{ examples() string }

func (s *streams) help(options kong.HelpOptions, ctx *kong.Context) error {
	if s.width > 0 && s.width < narrow {
		wide := *s
		wide.width = 0
		return s.narrowHelp(func() error { return wide.help(options, ctx) }, ctx)
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if node := ctx.Selected(); node != nil {
		if text := s.examplesOf(node.Name, node.Target.Addr().Interface()); text != "" {
			fmt.Fprintf(ctx.Stdout, "\nExamples:\n%s", s.besideOrBelow(text))
		}
	}
	return nil
}
