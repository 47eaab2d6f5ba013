package cli

import (
	"errors"
	"fmt"
	"io"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

type hashCommand struct {
	File string `arg:"" optional:"" help:"File with the trace; standard input when left out or -."`
}

func (*hashCommand) examples() string {
	return `  ers hash trace.json                          {"events":[…]}, an array, or JSON Lines of TraceEvents
  ers replay --window 17 --run 3 --bare | ers hash
`
}

func (c *hashCommand) Run(io *streams) error {
	name, text, err := readInput(io, c.File)
	if err != nil {
		return err
	}
	trace, err := events.DecodeTrace(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum, err := events.TraceSHA256(trace)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = fmt.Fprintln(io.out, sum)
	return err
}

type canonCommand struct {
	File string `arg:"" optional:"" help:"File with JSON values; standard input when left out or -."`
}

func (*canonCommand) examples() string {
	return `  echo '{"b": 1.0, "a": [1e5]}' | ers canon    prints "<sha256>  <canonical bytes>"
`
}

func (c *canonCommand) Run(io *streams) error {
	name, text, err := readInput(io, c.File)
	if err != nil {
		return err
	}
	var out []byte
	values := canon.NewScanner(text)
	for values.Next() {
		v := values.Value()
		out = fmt.Appendf(out, "%s  %s\n", canon.Sum([]byte(v)), v)
	}
	if err := values.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(out) == 0 {
		return fmt.Errorf("%s: no JSON value in it", name)
	}
	_, err = io.out.Write(out)
	return err
}

// readInput reads a file, or standard input, and says how to name it.
func readInput(from *streams, file string) (name string, text []byte, err error) {
	if file == "" || file == "-" {
		text, err = io.ReadAll(from.in)
		return "standard input", text, err
	}
	text, err = userfile.Read(file, maxInput)
	if errors.Is(err, userfile.ErrIrregular) || errors.Is(err, userfile.ErrLarge) {
		err = fmt.Errorf("%s: %w: give it on standard input", file, err)
	}
	return file, text, err
}

// maxInput is how much of a file is taken into memory.
const maxInput = 4 << 30
