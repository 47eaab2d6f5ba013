package bench

import (
	"context"
	"fmt"
	"time"
)

// growTasks is how many events a tick has where a stream grows.
const growTasks emptyTasks = 50

// growOne is the smallest window.
var growOne = growTasks.window(1)

// grow measures how the cost of things depends on how much there is: with more and
// more events in one stream, with a window of very many ticks, and with one of a very
// big tick. Each service is in its own process, so that its memory is its own.
func (m *measurement) grow(ctx context.Context) error {
	s := Setting{EventsPerTick: int(growTasks), Sync: SyncInterval, Processes: OwnProcesses}
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
		before, took := *total, time.Duration(0)
		for *total < goal {
			window := growTasks.window(max(1, min(m.growStep, goal-*total)/growOne.events()))
			j, err := f.judge(window)
			if err != nil {
				return err
			}
			*total += window.events()
			took += j.took()
		}
		g.EventsPerSecond = float64(*total-before) / took.Seconds()
		g.Peak = f.peaks()
		if err := f.stopRoles(Hasher, Gate); err != nil {
			return err
		}
		start := time.Now()
		if err := f.start(Hasher, Gate); err != nil {
			return err
		}
		_, err := f.judge(growOne)
		g.HasherAndGateRestart = time.Since(start).Seconds()
		*total += growOne.events()
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
		_, err := f.judge(growOne)
		g.FullRestart = time.Since(start).Seconds()
		*total += growOne.events()
		return err
	})
	g.Events = *total
	m.report.Growth = append(m.report.Growth, g)
	return err
}

// extremes measures the two windows of extreme shape.
func (m *measurement) extremes(ctx context.Context) error {
	for _, window := range []shape{{emptyTasks: 1, runs: 2, ticks: m.manyTicks}, emptyTasks(m.manyTasks).window(1)} {
		s := Setting{EventsPerTick: int(window.emptyTasks), Sync: SyncInterval, Processes: OwnProcesses}
		m.Progress(fmt.Sprintf("a window of %d runs of %d ticks, %s", window.runs, window.ticks, s))
		err := m.withFleet(ctx, s, "", func(f *fleet) error {
			if err := f.start(pipelineRoles...); err != nil {
				return err
			}
			if _, err := f.judge(growOne); err != nil { // everything has been touched once
				return err
			}
			j, err := f.judge(window)
			if err != nil {
				return err
			}
			if _, err := f.shown(window.emptyTasks, j.window.Window); err != nil {
				return err
			}
			m.report.Extremes = append(m.report.Extremes, Extreme{Setting: s, Runs: window.runs, Ticks: window.ticks,
				Seconds: j.took().Seconds(), EventsPerSecond: float64(window.events()) / j.took().Seconds(), Peak: f.peaks()})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
