package bench

import (
	"context"
	"path/filepath"
)

// throughput measures how fast windows get their verdicts, and beside it how fast the
// same bytes go through the same kind of server when nobody works on them.
func (m *measurement) throughput(ctx context.Context) error {
	return m.eachSetting(ctx, "throughput", func(ctx context.Context, s Setting) error {
		return withDir(func(dir string) error {
			return m.withFleet(ctx, s, filepath.Join(dir, "pipeline"), func(pipeline *fleet) error {
				return m.withFleet(ctx, s, filepath.Join(dir, "raw"), func(raw *fleet) error {
					return m.throughputOf(ctx, s, pipeline, raw)
				})
			})
		})
	})
}

func (m *measurement) throughputOf(ctx context.Context, s Setting, pipeline, raw *fleet) error {
	n := emptyTasks(s.EventsPerTick)
	if err := pipeline.start(pipelineRoles...); err != nil {
		return err
	}
	if err := raw.start(rawRoles...); err != nil {
		return err
	}
	ticks, err := pipeline.calibrate(n, &m.scale)
	if err != nil {
		return err
	}
	window := n.window(ticks)
	if _, _, err := raw.fastest(window); err != nil { // it makes its frames now
		return err
	}
	frames, err := encodeRun(n, 1)
	if err != nil {
		return err
	}
	events, bytes := window.events(), Runs*ticks*size(frames)
	contestants := []contestant{
		func(context.Context) ([]sample, error) {
			took, busy, err := raw.fastest(window)
			return []sample{{RateRaw, events, bytes, took, busy}}, err
		},
		func(context.Context) ([]sample, error) {
			before, _ := processors()
			j, err := pipeline.judge(window)
			if err != nil {
				return nil, err
			}
			busy := busySince(before)
			shown, err := pipeline.shown(n, j.window.Window)
			if err != nil {
				return nil, err
			}
			digest, err := pipeline.lastDigest(n, j.window.Window)
			return []sample{
				{RateDigest, events, bytes, digest.Sub(j.asked), busy},
				{RateVerdict, events, bytes, j.took(), busy},
				{RateFeed, events, bytes, shown.Sub(j.asked), 0},
			}, err
		},
	}
	if m.python != "" {
		contestants = append(contestants, m.pythonWay(n))
	}
	against := []string{RateRaw, RatePython}
	return m.compete(ctx, s, comparisons{RateDigest: against, RateVerdict: against, RateFeed: against}, contestants...)
}

// mostEvents is how many a window has at most: the publisher keeps its frames in memory.
const mostEvents = 3_000_000

// calibrate touches everything once and returns how many ticks a run needs so that a
// window takes about so long. A short window says little: most of it is its beginning.
func (f *fleet) calibrate(n emptyTasks, s *scale) (ticks int64, err error) {
	if _, err := f.judge(n.window(1)); err != nil {
		return 0, err
	}
	most := max(1, mostEvents/Runs/int64(n))
	ticks = min(max(1, s.sampleEvents/Runs/int64(n)), most)
	for {
		j, err := f.judge(n.window(ticks))
		if err == nil {
			_, err = f.shown(n, j.window.Window)
		}
		if err != nil {
			return 0, err
		}
		more := min(max(1, int64(float64(ticks)*float64(s.busTurn)/float64(j.took()))), most)
		if more < 2*ticks {
			return more, nil
		}
		ticks = more
	}
}
