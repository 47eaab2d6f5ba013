package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/report"
)

// publishedHash is what the Python ERS v0.2 prints for its invariance check.
const publishedHash = "ae7e4fe3526ad0e133d2f46de48f5941e5cf24382490e9d25088d8920decfd16"

type checkCommand struct {
	limit
	JSON    bool `name:"json" help:"Print one JSON document."`
	Verbose bool `short:"v" help:"Log what the services do."`
}

// checkSchema is the version of the document.
const checkSchema = "ers.check.v1"

// checkAnswer is what the check came to, for machines.
type checkAnswer struct {
	Schema    string         `json:"schema"`
	Outcome   events.Outcome `json:"outcome"`
	Hash      string         `json:"hash"`      // what the runs came to; "": there was no verdict
	Published string         `json:"published"` // what it must be
	Headline  string         `json:"headline"`  // of the verdict
	Version   string         `json:"version"`   // of this ers
}

func (*checkCommand) examples() string {
	return `  ers check                                    needs nothing: no server, no file, no configuration
  ers check --json | jq -e '.outcome == "pass"'
`
}

func (c *checkCommand) Run(ctx context.Context, io *streams) error {
	answer := &checkAnswer{Schema: checkSchema, Outcome: events.Inconclusive, Published: publishedHash, Version: daemon.Version}
	err := c.check(ctx, io, answer)
	if c.JSON && (err == nil || errors.Is(err, errFail)) {
		return errors.Join(err, printJSON(io, answer))
	}
	return jsonError(io, c.JSON, checkSchema, err)
}

func (c *checkCommand) check(ctx context.Context, io *streams, answer *checkAnswer) error {
	none := func(name string, lane events.Lane) program.Task {
		return program.Task{Name: name, Lane: lane, Cost: events.Budget{Ops: 1}, Tags: []string{},
			Starlark: &program.Starlark{Source: "def run(ctx):\n    return None\n", File: "check.star", Steps: 1000}}
	}
	contexts, err := program.DecodeContexts([]byte("{}\n"))
	if err != nil {
		return err
	}
	budget := events.Budget{Ops: 10, Entropy: 10}
	f := &pipeline.File{
		Definition: &program.Definition{Schema: program.DefinitionSchema, Name: "check", Kind: program.KindStarlark,
			Tasks: []program.Task{none("oracle:signal", events.Forecast), none("shadow:sei", events.Shadow)}},
		Contexts: contexts, Runs: pipeline.DefaultRuns, Ticks: 1,
		Budget: events.Budgets{Forecast: budget, Shadow: budget},
	}
	l := local{connection: connection{Verbose: c.Verbose}}
	ctx, cancel := c.within(ctx)
	defer cancel()
	err = l.with(ctx, io, embedded.Config{}, zerolog.ErrorLevel, embedded.Open, func(ctx context.Context, b *bus.Bus) error {
		key, err := client.Submit(ctx, b, f, func(r *events.WindowRequest) {
			r.Latch, r.Reproduce = &events.Latch{Trace: publishedHash}, "ers check"
		})
		if err != nil {
			return err
		}
		v, _, err := client.Verdict(ctx, b, key)
		if err != nil {
			return err
		}
		answer.Outcome, answer.Hash, answer.Headline = v.Outcome, v.ExpectedHash, report.Headline(v)
		if v.Outcome != events.Pass {
			if c.JSON {
				return errFail
			}
			fmt.Fprintln(io.out, "ERS INVARIANCE: FAIL")
			_, _ = io.err.Write(report.Append(nil, v, report.Options{Color: io.colorErr, Width: io.widthErr, Screen: io.widthErr > 0}))
			return errFail
		}
		if c.JSON {
			return nil
		}
		_, err = fmt.Fprintf(io.out, "ERS INVARIANCE: PASS\nhash: %s\n", v.ExpectedHash)
		return err
	})
	return outOfTime(ctx, err, "")
}
