package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// A small window is the least that there is: two runs of one tick of one task.
const smallTasks emptyTasks = 1

var smallOne = shape{emptyTasks: smallTasks, runs: 2, ticks: 1}

// Small windows are of several pipelines, and some of them fail.
const (
	smallPipelines = 8
	smallFails     = 50 // one of so many
	smallLook      = 64 // after so many the asker of a pipeline looks how the streams end
)

// SmallPipeline is the name of one of the pipelines of small windows.
func SmallPipeline(i int) string { return fmt.Sprintf("%s-%d", smallTasks.pipeline(), i) }

// FillSmall lets so many small windows go through the services, which it runs in this
// process, until viewers have the documents of all of them. Streams that are filled so are
// what they are after years of checks.
func FillSmall(ctx context.Context, b *bus.Bus, windows int) error {
	before, err := b.LastSeq(ctx, events.StreamVerdict)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	for _, role := range pipelineRoles {
		run, err := serviceOf(b, role, zerolog.Nop())
		if err != nil {
			return err
		}
		group.Go(func() error { return run(serving) })
	}
	for i := range min(smallPipelines, windows) {
		group.Go(func() error { return askSmall(ctx, b, i, windows) })
	}
	group.Go(func() error {
		defer stop()
		return awaitShown(ctx, b, before, windows)
	})
	return group.Wait()
}

// askSmall asks for the windows of one pipeline.
func askSmall(ctx context.Context, b *bus.Bus, pipeline, windows int) error {
	nothing := canon.Sum(nil).String()
	r := events.WindowRequest{Schema: events.WindowSchema, Kind: kind, Pipeline: SmallPipeline(pipeline),
		DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: smallOne.runs, Ticks: smallOne.ticks, Budget: smallTasks.budgets()}
	subject := events.WindowSubject(kind, r.Pipeline)
	m, err := b.Last(ctx, events.StreamWindow, subject)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return err
	}
	last := m.Seq
	for i, asked := pipeline, 0; i < windows; i, asked = i+smallPipelines, asked+1 {
		if asked%smallLook == 0 {
			if r.After, err = client.After(ctx, b); err != nil {
				return err
			}
		}
		r.Reproduce, r.Drill = fmt.Sprintf("ers bench --many: small window %d", i), nil
		if i%smallFails == smallFails-1 {
			r.Drill = &events.Drill{Run: 1, Task: smallTasks.tasks()[0].Name, Kind: "value"}
		}
		data, err := events.Encode(&r)
		if err != nil {
			return err
		}
		if last, err = b.Append(ctx, subject, last, data); err != nil {
			return err
		}
	}
	return nil
}

// awaitShown waits until so many windows have a verdict, beyond those of before, and viewers
// have the documents of the last.
func awaitShown(ctx context.Context, b *bus.Bus, before uint64, windows int) error {
	if windows == 0 {
		return nil
	}
	var last bus.Message
	err := b.Follow(ctx, events.StreamVerdict, "", before+1, func(m bus.Message) error {
		if last = m; m.Seq < before+uint64(windows) {
			return nil
		}
		return errAllSeen
	})
	if !errors.Is(err, errAllSeen) {
		return err
	}
	v, err := events.ReadVerdict(last)
	if err != nil {
		return err
	}
	_, err = b.Await(ctx, events.StreamViz, events.StabilitySubject(v.Pipeline, v.Window))
	return err
}
