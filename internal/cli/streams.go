package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
)

type streamsCommand struct {
	Create streamsCreateCommand `cmd:"" help:"Create the streams that are missing on a server, and check the others."`
	Check  streamsCheckCommand  `cmd:"" help:"List the streams on a server and say what is wrong with them. Changes nothing."`
}

type streamsCreateCommand struct {
	connection
	replication
	limit
	JSON bool `name:"json" help:"Print the streams as one JSON document."`
}

func (*streamsCreateCommand) examples() string {
	return `  ers streams create --nats nats://127.0.0.1:4222
  ers streams create --replicas 3              on a cluster, with NATS_URL set
`
}

func (c *streamsCreateCommand) Run(ctx context.Context, io *streams) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	config := c.config(c.log(io, zerolog.WarnLevel))
	config.Create, config.Replicas = true, int(c.Replicas)
	b, err := c.connectWith(ctx, config)
	if err != nil {
		return outOfTime(ctx, err, "")
	}
	return errors.Join(printStreams(ctx, io, b, c.JSON), b.Close())
}

type streamsCheckCommand struct {
	connection
	replication
	limit
	JSON bool `name:"json" help:"Print the streams as one JSON document."`
}

func (*streamsCheckCommand) examples() string {
	return `  ers streams check --nats nats://127.0.0.1:4222
  ers streams check --replicas 3               fails unless each has three
`
}

func (c *streamsCheckCommand) Run(ctx context.Context, io *streams) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	config := c.config(c.log(io, zerolog.WarnLevel))
	config.Replicas = int(c.Replicas)
	b, err := c.connectWith(ctx, config)
	if err != nil {
		return outOfTime(ctx, err, "")
	}
	return errors.Join(printStreams(ctx, io, b, c.JSON), b.Close())
}

// streamAnswer is a stream, for machines.
type streamAnswer struct {
	Stream   string `json:"stream"`
	Replicas int    `json:"replicas"`
	Messages uint64 `json:"messages"`
	Last     uint64 `json:"last"` // sequence
	Bytes    uint64 `json:"bytes"`
}

func printStreams(ctx context.Context, io *streams, b *bus.Bus, asJSON bool) error {
	list, err := b.Streams(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		all := struct {
			Streams []streamAnswer `json:"streams"`
		}{[]streamAnswer{}}
		for _, s := range list {
			all.Streams = append(all.Streams, streamAnswer{s.Config.Name, s.Config.Replicas, s.State.Msgs, s.State.LastSeq, s.State.Bytes})
		}
		return printJSON(io, all)
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "stream\treplicas\tmessages\tlast\tbytes")
	for _, s := range list {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\n", s.Config.Name, s.Config.Replicas, s.State.Msgs, s.State.LastSeq, s.State.Bytes)
	}
	return table.Flush()
}
