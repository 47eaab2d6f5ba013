package cli

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"abraxas.dev/ers/internal/flags"
	"abraxas.dev/ers/internal/nearest"
	"abraxas.dev/ers/pkg/report"
)

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command that is to be explained."`
}

func (*helpCommand) examples() string {
	return `  ers help                                     all commands
  ers help run                                 the same as ers run --help
  ers help streams create
`
}

// Run is not reached: asksForHelp has made a flag of the command.
func (*helpCommand) Run() error { return nil }

// asksForHelp turns `ers help COMMAND` into `ers COMMAND --help`, and no arguments into --help.
func asksForHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] != "help" || slices.Contains(args, "--help") || slices.Contains(args, "-h"):
		return args
	}
	return append(slices.Clone(args[1:]), "--help")
}

// usageError words what is wrong with a command line, with the word that was perhaps meant
// and the help that is about it.
func usageError(err error) string {
	e, ok := errors.AsType[*kong.ParseError](err)
	if !ok || e.Context == nil {
		return fmt.Sprintf("%s; see `ers --help`", report.Clean(err.Error()))
	}
	text, _, _ := strings.Cut(flags.Plain(report.Clean(err.Error())), ", did you mean")
	node := e.Context.Selected()
	if node == nil {
		node = e.Context.Model.Node
	}
	if flag, ok := strings.CutPrefix(text, "unknown flag "); ok {
		text += perhaps(flag, flagsOf(node))
	} else if word, ok := strings.CutPrefix(text, "unexpected argument "); ok {
		text += perhaps(word, commandsOf(node))
	}
	return fmt.Sprintf("%s; see `%s --help`", text, strings.TrimSpace(node.FullPath()))
}

// emptyList finds a flag that takes several values and was given none, as by a script in
// which a command failed: it is not as if the flag had been left out.
func emptyList(command *kong.Context) error {
	for _, part := range command.Path {
		if f := part.Flag; f != nil && f.Target.Kind() == reflect.Slice && f.Target.Len() == 0 {
			return fmt.Errorf("--%s: a value is missing behind it; see `%s --help`", f.Name, strings.TrimSpace(command.Selected().FullPath()))
		}
	}
	return nil
}

func perhaps(word string, known []string) string {
	if near := nearest.Word(word, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// commandsOf are the commands below a node.
func commandsOf(node *kong.Node) (list []string) {
	for _, child := range node.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			list = append(list, child.Name)
		}
	}
	return list
}

// flagsOf are the flags that may stand behind a node, by their long names.
func flagsOf(node *kong.Node) (list []string) {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			list = append(list, "--"+flag.Name)
		}
	}
	return list
}
