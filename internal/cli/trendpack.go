package cli

import (
	"bufio"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

type trendpackCommand struct {
	RunID      string `name:"run-id" required:"" placeholder:"ID" help:"run_id of the documents."`
	Provenance string `default:"{\"engine\":\"ers\"}" placeholder:"JSON" help:"provenance of the documents, an object (${default})."`
	File       string `arg:"" optional:"" help:"File with the trace; standard input when left out or -."`
}

func (*trendpackCommand) examples() string {
	return `  ers trendpack --run-id mine trace.json       a TrendPack.v0 document for each tick, one a line
  ers replay --window 17 --run 3 --bare | ers trendpack --run-id oracle-17-3
`
}

func (c *trendpackCommand) Run(io *streams) error {
	if c.RunID == "" {
		return errors.New("--run-id is empty")
	}
	provenance, err := canon.Parse([]byte(c.Provenance))
	if err == nil && provenance.Kind() != canon.Object {
		err = fmt.Errorf("want an object, found %s", provenance.Kind())
	}
	if err != nil {
		return fmt.Errorf("--provenance: %w", err)
	}
	name, text, err := readInput(io, c.File)
	if err != nil {
		return err
	}
	trace, err := events.DecodeTrace(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := checkTicks(trace); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	out := bufio.NewWriter(io.out)
	for len(trace) > 0 {
		n := 1
		for n < len(trace) && trace[n].Tick == trace[0].Tick {
			n++
		}
		pack, err := aalviz.NewTrendPack(c.RunID, provenance, trace[0].Tick, trace[:n], "")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, err := events.Encode(pack)
		if err != nil {
			return fmt.Errorf("%s: tick %d: %w", name, trace[0].Tick, err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
		trace = trace[n:]
	}
	return out.Flush()
}

// checkTicks makes sure that the events are those of one run in order.
func checkTicks(trace []events.TraceEvent) error {
	for i := 1; i < len(trace); i++ {
		if trace[i].Tick < trace[i-1].Tick {
			return fmt.Errorf("event %d: tick %d after tick %d: give the trace of one run, in order", i, trace[i].Tick, trace[i-1].Tick)
		}
	}
	return nil
}
