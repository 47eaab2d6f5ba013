package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

type tailCommand struct {
	connection
	Subject string `arg:"" optional:"" default:"ers.>" help:"Subject to follow (${default})."`
}

func (*tailCommand) examples() string {
	return `  ers tail ers.gate.fail                       the alarm
  ers tail 'ers.trace.oracle.>'                every tick of pipeline oracle, as it is recorded
`
}

func (c *tailCommand) Run(ctx context.Context, io *streams) error {
	if c.NATS == "" {
		return errNoServer
	}
	b, err := bus.Dial(c.config(c.log(io, zerolog.WarnLevel))) // what is heard live needs no stream
	if err != nil {
		return err
	}
	messages := make(chan *nats.Msg, 1024)
	stop, err := b.Hear(c.Subject, messages)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	fmt.Fprintf(io.err, "following %s, stop with Ctrl-C\n", c.Subject)
	for {
		select {
		case m := <-messages:
			line, err := canon.AppendString([]byte(`{"subject":`), m.Subject)
			if err == nil {
				line, err = appendMessage(report.CleanJSON(nil, append(line, `,"data":`...)), m.Data)
			}
			if err != nil {
				io.say("message on %s: %v", m.Subject, err)
				continue
			}
			if _, err := io.out.Write(append(line, "}\n"...)); err != nil {
				return errors.Join(err, b.Close())
			}
		case <-ctx.Done():
			return errors.Join(stop(), b.Close())
		}
	}
}

type decodeCommand struct{}

func (*decodeCommand) examples() string {
	return `  nats sub 'ers.trace.>' --translate 'ers decode'
`
}

func (*decodeCommand) Run(s *streams) error {
	message, err := io.ReadAll(s.in)
	if err != nil {
		return err
	}
	line, err := appendMessage(nil, message)
	if err != nil {
		return fmt.Errorf("standard input is not a message of ERS: %w", err)
	}
	_, err = s.out.Write(append(line, '\n'))
	return err
}

// appendMessage appends the JSON of a message: a frame, or a document that is JSON
// already. It is for people who look on: what does not print is an escape in it.
func appendMessage(dst, message []byte) ([]byte, error) {
	text, err := messageJSON(message)
	return report.CleanJSON(dst, text), err
}

func messageJSON(message []byte) ([]byte, error) {
	if len(message) > 0 && message[0]&0x80 != 0 { // no JSON text begins so; MessagePack's maps do
		var d events.FrameDecoder
		if err := d.Decode(message); err != nil {
			return nil, err
		}
		return d.AppendJSON(nil)
	}
	v, err := canon.Parse(message)
	return []byte(v), err
}
