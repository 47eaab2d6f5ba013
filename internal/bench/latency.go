package bench

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// live measures how long it takes from a tick to its digest, and from there to the
// verdict, while ticks come at a fixed rate. The coordinator is in this process, where
// the ticks are timed; hasher and gate are where the setting wants them.
func (m *measurement) live(ctx context.Context) error {
	return m.eachSetting(ctx, "latency", func(ctx context.Context, s Setting) error {
		if err := m.withFleet(ctx, s, "", func(f *fleet) error { return m.liveOf(s, f) }); err != nil {
			return err
		}
		return m.withFleet(ctx, s, "", func(f *fleet) error { return m.echoes(s, f) })
	})
}

// pace is how many ticks a run of a window has where they come at a fixed rate, and what is
// between two of them.
func (m *measurement) pace(s Setting) (ticks int64, interval time.Duration) {
	interval = time.Duration(float64(time.Second) * float64(Runs*s.EventsPerTick) / m.Rate)
	return max(2, int64(m.liveTime/time.Duration(m.liveWindows)/interval)), interval
}

// echoes adds the bus alone to the newest row of the report.
func (m *measurement) echoes(s Setting, f *fleet) error {
	if err := f.start(Echo); err != nil {
		return err
	}
	ticks, interval := m.pace(s)
	var all []time.Duration
	for i := range 1 + m.liveWindows {
		times, err := f.echoOf(emptyTasks(s.EventsPerTick), ticks, interval)
		if err != nil {
			return err
		}
		if i > 0 { // everything has been touched once
			all = append(all, times...)
		}
	}
	m.report.Latencies[len(m.report.Latencies)-1].Bus = quantiles(all)
	return nil
}

func (m *measurement) liveOf(s Setting, f *fleet) error {
	n := emptyTasks(s.EventsPerTick)
	ticks, interval := m.pace(s)
	var next *liveWindow
	f.startPatient(func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return next, nil })
	if err := f.start(Hasher, Gate); err != nil {
		return err
	}
	var late, digest, verdict []time.Duration
	var took time.Duration
	for i := range 1 + m.liveWindows {
		next = newLiveWindow(f, n, ticks, interval)
		v, err := next.judge()
		if err != nil {
			return err
		}
		if i == 0 {
			continue // everything has been touched once
		}
		l, d, t := next.times()
		late, digest, took = append(late, l...), append(digest, d...), took+t
		verdict = append(verdict, v)
	}
	m.report.Latencies = append(m.report.Latencies, Latency{Setting: s, Rate: m.Rate,
		Achieved: float64(len(late)) * float64(n) / took.Seconds(),
		Late:     quantiles(late), Digest: quantiles(digest), Verdict: quantiles(verdict)})
	return nil
}

// startPatient starts a coordinator whose ticks may wait, all runs at once.
func (f *fleet) startPatient(load loadFunc) {
	c := coordinator.New(coordinator.Config{Bus: f.bus, Load: load, Kinds: []string{kind}, Turns: Runs, Log: zerolog.Nop()})
	f.add(Coordinator, inProcess(f.ctx, Coordinator, c.Run, f.fail))
}
