package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// growTasks is how many events a tick has where a stream grows.
const growTasks emptyTasks = 50

// grow measures how the cost of things depends on how much there is: with more and
// more events in one stream, with a window of very many ticks, and with one of a very
// big tick. Each service is in its own process, so that its memory is its own.
func (m *measurement) grow(ctx context.Context) error {
	s := Setting{EventsPerTick: int(growTasks), Sync: SyncDefault, Processes: OwnProcesses}
	err := withDir(func(dir string) error {
		var total int64
		for _, goal := range m.growTo {
			m.Progress(fmt.Sprintf("grow to %d events, %s", goal, s))
			if err := m.growOnce(ctx, s, dir, &total, goal); err != nil {
				return fmt.Errorf("%d events: %w", goal, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.extremes(ctx)
}

// growOnce adds windows until the stream has goal events, and measures.
func (m *measurement) growOnce(ctx context.Context, s Setting, dir string, total *int64, goal int64) error {
	g := Growth{Setting: s}
	err := m.withFleet(ctx, s, dir, func(f *fleet) error {
		if err := f.start(pipelineRoles...); err != nil {
			return err
		}
		for *total < goal {
			ticks := max(1, min(m.growStep, goal-*total)/Runs/int64(growTasks))
			j, err := f.judge(growTasks, ticks)
			if err != nil {
				return err
			}
			n := ticks * Runs * int64(growTasks)
			*total += n
			g.EventsPerSecond = float64(n) / j.took().Seconds()
		}
		g.Peak = f.peaks()
		if err := f.stopRoles(Hasher, Gate); err != nil {
			return err
		}
		start := time.Now()
		if err := f.start(Hasher, Gate); err != nil {
			return err
		}
		_, err := f.judge(growTasks, 1)
		g.HasherAndGateRestart = time.Since(start).Seconds()
		*total += Runs * int64(growTasks)
		return err
	})
	if err != nil {
		return err
	}
	start := time.Now()
	err = m.withFleet(ctx, s, dir, func(f *fleet) error {
		g.ServerRestart = time.Since(start).Seconds()
		if err := f.start(pipelineRoles...); err != nil {
			return err
		}
		_, err := f.judge(growTasks, 1)
		g.FullRestart = time.Since(start).Seconds()
		*total += Runs * int64(growTasks)
		return err
	})
	g.Events = *total
	m.report.Growth = append(m.report.Growth, g)
	return err
}

// extremes measures the two windows of extreme shape.
func (m *measurement) extremes(ctx context.Context) error {
	shapes := []struct {
		tasks emptyTasks
		ticks int64
	}{{1, m.manyTicks}, {emptyTasks(m.manyTasks), 1}}
	for shape := range slices.Values(shapes) {
		s := Setting{EventsPerTick: int(shape.tasks), Sync: SyncDefault, Processes: OwnProcesses}
		m.Progress(fmt.Sprintf("a window of %d ticks, %s", shape.ticks, s))
		err := m.withFleet(ctx, s, "", func(f *fleet) error {
			if err := f.start(pipelineRoles...); err != nil {
				return err
			}
			if _, err := f.judge(growTasks, 1); err != nil { // everything has been touched once
				return err
			}
			j, err := f.judge(shape.tasks, shape.ticks)
			if err != nil {
				return err
			}
			m.report.Extremes = append(m.report.Extremes, Extreme{Setting: s, Ticks: shape.ticks, Seconds: j.took().Seconds(),
				EventsPerSecond: float64(Runs*shape.ticks*int64(shape.tasks)) / j.took().Seconds(), Peak: f.peaks()})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
