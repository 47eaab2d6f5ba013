package cli

import (
	"fmt"
	"path/filepath"

	"abraxas.dev/ers/internal/starter"
	"abraxas.dev/ers/pkg/report"
)

type initCommand struct {
	Dir      string `arg:"" help:"The folder, which may be there already. Nothing in it is written over."`
	Starlark bool   `xor:"kind" help:"Tasks in Starlark: the default, which needs nothing else."`
	Python   bool   `xor:"kind" help:"Tasks in Python, with the kit beside them."`
	Go       bool   `xor:"kind" help:"A program in Go that has the tasks."`
	Command  bool   `xor:"kind" help:"A task that runs a program."`
}

func (*initCommand) examples() string {
	return `  ers init words                               a pipeline in Starlark in the folder words
  ers init --python words
  ers init --go words
  ers init --command .
`
}

func (c *initCommand) Run(io *streams) error {
	kind := starter.Starlark
	switch {
	case c.Python:
		kind = starter.Python
	case c.Command:
		kind = starter.Command
	case c.Go:
		kind = starter.Go
	}
	absolute, err := filepath.Abs(c.Dir) // which has a name even when the folder is .
	if err != nil {
		return err
	}
	name := starter.Name(absolute)
	files, err := starter.Files(kind, name, currentVersion().Version)
	if err != nil {
		return err
	}
	kept, err := starter.Write(c.Dir, files)
	if err != nil {
		return err
	}
	if kept {
		io.say("%s is there and stays as it is: add the folder ers-data to it", filepath.Join(c.Dir, ".gitignore"))
	}
	file := filepath.Join(c.Dir, "pipeline.yaml")
	next := "ers run -f " + report.ShellWord(file)
	if c.Go {
		next = fmt.Sprintf("cd %s && go mod tidy && go run . run -f pipeline.yaml", report.ShellWord(c.Dir))
	}
	_, err = fmt.Fprintf(io.out, "the pipeline %s is in %s, which says what to do next\n\n  %s\n", name, report.Clean(file), next)
	return err
}
