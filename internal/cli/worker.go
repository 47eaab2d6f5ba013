package cli

import (
	"context"
	"fmt"
	"time"

	"abraxas.dev/ers/internal/workertest"
	"abraxas.dev/ers/pkg/program"
)

type workerCommand struct {
	Test workerTestCommand `cmd:"" help:"Check that a program is a worker as ERS wants it: each rule of the protocol, with what was seen where it is broken."`
}

type workerTestCommand struct {
	Contexts string        `placeholder:"FILE" help:"Contexts that its tasks can work with, JSON Lines; - is standard input. Left out: {}."`
	Timeout  time.Duration `default:"60s" placeholder:"TIME" help:"How long a start and an answer may take. Default: 60s."`
	JSON     bool          `name:"json" help:"Print the report as a JSON document."`
	Command  []string      `arg:"" help:"The worker and its arguments, behind --."`
}

func (*workerTestCommand) examples() string {
	return `  ers worker test -- python3 tasks.py
  ers worker test --contexts contexts.jsonl -- node worker.js

Exit codes: 0 no rule is broken, 1 at least one is, 2 the worker cannot be started.
Checks that the worker's tasks cannot show are "not seen", and no fail.
`
}

func (c *workerTestCommand) Run(ctx context.Context, io *streams) error {
	o := workertest.Options{Command: c.Command, Timeout: c.Timeout}
	if c.Contexts != "" {
		name, text, err := readInput(io, c.Contexts)
		if err != nil {
			return err
		}
		contexts, syntax := program.ParseContexts(text)
		if syntax != nil {
			return fmt.Errorf("%s: %w", name, syntax)
		}
		for i := range contexts.Len() {
			o.Contexts = append(o.Contexts, contexts.At(int64(i)))
		}
	}
	report := workertest.Report{Command: c.Command}
	var failed error // to write
	hello, err := workertest.Run(ctx, o, func(r workertest.Result) {
		report.Results = append(report.Results, r)
		if !c.JSON && failed == nil {
			failed = r.WriteText(io.out)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	report.Hello = hello
	if err := c.end(io, &report); err != nil {
		return err
	}
	if report.Count(workertest.Failed) > 0 {
		return errFail
	}
	return nil
}

// end writes what comes after all results.
func (c *workerTestCommand) end(io *streams, report *workertest.Report) error {
	if !c.JSON {
		_, err := fmt.Fprintln(io.out, report.Summary())
		return err
	}
	document, err := report.JSON()
	if err == nil {
		_, err = io.out.Write(append(document, '\n'))
	}
	return err
}
