package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// workers measures tasks in processes of their own: how fast they are, how long it takes
// to start them, and whether the memory of who asks them grows with the ticks.
func (m *measurement) workers(ctx context.Context) error {
	return withDir(func(dir string) error {
		w, err := m.newWorkshop(ctx, dir)
		if err != nil {
			return err
		}
		s := Setting{EventsPerTick: int(workerTasks), Sync: SyncInterval, Processes: RunProcesses}
		err = m.withFleet(ctx, s, filepath.Join(dir, "data"), func(f *fleet) error {
			for _, role := range []Role{Asker, Hasher, Gate} {
				if err := f.startHere(role); err != nil {
					return err
				}
			}
			m.Progress("workers, " + s.String())
			if err := m.workerRates(ctx, s, w, f); err != nil {
				return err
			}
			m.Progress("start of workers")
			return m.workerWaits(ctx, w, f)
		})
		if err != nil {
			return err
		}
		return m.steady(ctx, w)
	})
}

// judgeFile asks for a window of a pipeline file, and waits for its verdict.
func (f *fleet) judgeFile(file *pipeline.File, ticks int64) (j judged, err error) {
	j.asked = time.Now()
	if j.window, err = client.Submit(f.ctx, f.bus, file, func(r *events.WindowRequest) { r.Ticks = ticks }); err != nil {
		return j, err
	}
	return j, f.pass(&j)
}

// workerRates measures workers beside what they are held against.
func (m *measurement) workerRates(ctx context.Context, s Setting, w *workshop, f *fleet) (err error) {
	total := int64(workerTasks) * Runs * m.workerTicks
	piped := func(name string, command []string, kind pipe) (contestant, func() error, error) {
		all, err := startPipes(ctx, Runs, command, kind)
		return func(context.Context) ([]sample, error) {
			start := time.Now()
			err := all.run(m.workerTicks)
			return []sample{{name: name, events: total, took: time.Since(start)}}, err
		}, all.close, err
	}
	judged := func(name string, file *pipeline.File) contestant {
		return func(context.Context) ([]sample, error) {
			j, err := f.judgeFile(file, m.workerTicks)
			return []sample{{name: name, events: total, took: j.took()}}, err
		}
	}
	inGo, err := w.inGo()
	if err != nil {
		return err
	}
	pipeGo, closeGo, err := piped(RatePipeGo, w.served, workerPipe(w.names))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeGo()) }()
	turns := []contestant{pipeGo, judged(RateWorkersGo, inGo)}
	if w.python != "" {
		inPython, err := w.inPython(false)
		if err != nil {
			return err
		}
		bare, closeBare, err := piped(RateBarePython, []string{w.python, filepath.Join(w.dir, "bare_worker.py")}, barePipe(w.names))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeBare()) }()
		turns = append(turns, bare, judged(RateKit, inPython), m.gateV02(w))
	}
	return m.compete(ctx, s, comparisons{RateKit: {RateBarePython, RateV02}, RateWorkersGo: {RatePipeGo}}, turns...)
}

// gateV02 is the turn of the gate of ERS v0.2, whose trace must have our hash.
func (m *measurement) gateV02(w *workshop) contestant {
	want := ""
	return func(ctx context.Context) ([]sample, error) {
		if want == "" {
			var err error
			if want, err = inMemory(workerTasks.inOneLane(), int(m.v02Ticks)); err != nil {
				return nil, err
			}
		}
		cmd := exec.CommandContext(ctx, w.python, "v02_gate.py", "--ticks", strconv.FormatInt(m.v02Ticks, 10))
		cmd.Dir = w.dir
		var answer struct {
			OK          bool    `json:"ok"`
			Seconds     float64 `json:"seconds"`
			TraceSHA256 string  `json:"trace_sha256"`
		}
		out, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		if err == nil {
			err = json.Unmarshal(out, &answer)
		}
		if err == nil && (!answer.OK || answer.TraceSHA256 != want) {
			err = fmt.Errorf("it says %t and has the trace hash %s, ours is %s", answer.OK, answer.TraceSHA256, want)
		}
		if err != nil {
			return nil, fmt.Errorf("the gate of ERS v0.2: %w", err)
		}
		took := time.Duration(answer.Seconds * float64(time.Second))
		return []sample{{name: RateV02, events: int64(workerTasks) * Runs * m.v02Ticks, took: took}}, nil
	}
}

// wait is something that takes a while.
type wait struct {
	name string
	do   func() error
}

// workerWaits measures how long it takes to start workers, and to try a program that
// does nothing.
func (m *measurement) workerWaits(ctx context.Context, w *workshop, f *fleet) error {
	var all []wait
	if w.python != "" {
		lanes, err := w.inPython(true)
		if err != nil {
			return err
		}
		all = append(all, wait{WaitPython, func() error { return w.startPython(ctx) }},
			wait{WaitKit, func() error { _, err := f.judgeFile(lanes, 1); return err }})
	}
	if path, err := exec.LookPath("true"); err != nil {
		m.report.LeftOut = append(m.report.LeftOut, fmt.Sprintf("ers try -- true: %v", err))
	} else {
		all = append(all, wait{WaitTrue, func() error { return repeat(ctx, path) }},
			wait{WaitTry, func() error { return w.run(exec.CommandContext(ctx, w.served[0], "try", "--", path)) }})
	}
	waits, err := m.times(ctx, all)
	if err != nil {
		return err
	}
	m.report.Waits = waits
	return nil
}

// times measures how long things take, in turns, after each was done once.
func (m *measurement) times(ctx context.Context, all []wait) ([]Wait, error) {
	waits := make([]Wait, len(all))
	for turn := range 1 + m.Turns {
		for i, one := range all {
			start := time.Now()
			if err := one.do(); err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			if turn > 0 { // everything has been touched once
				waits[i].Turns = append(waits[i].Turns, time.Since(start).Seconds())
			}
		}
	}
	for i := range waits {
		waits[i].Name, waits[i].Seconds = all[i].name, median(waits[i].Turns)
	}
	return waits, ctx.Err()
}

// startPython starts as many interpreters as the kit's window has, all at once, and lets
// them end.
func (w *workshop) startPython(ctx context.Context) error {
	all, err := startPipes(ctx, 2*Runs, []string{w.python, filepath.Join(w.dir, "bare_worker.py")}, barePipe(w.names))
	return errors.Join(err, all.close())
}

// repeat runs a program as often as a window has runs.
func repeat(ctx context.Context, path string) error {
	for range Runs {
		if err := exec.CommandContext(ctx, path).Run(); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command in an empty folder.
func (w *workshop) run(cmd *exec.Cmd) (err error) {
	if cmd.Dir, err = os.MkdirTemp(w.dir, "try-"); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// steady looks at the memory of a coordinator of workers, in a process of its own, after
// windows of ten times the ticks each.
func (m *measurement) steady(ctx context.Context, w *workshop) error {
	s := Setting{EventsPerTick: int(workerTasks), Sync: SyncInterval, Processes: OwnProcesses}
	file, err := w.inGo()
	if err != nil {
		return err
	}
	return m.withFleet(ctx, s, filepath.Join(w.dir, "steady"), func(f *fleet) error {
		if err := f.start(Asker, Hasher, Gate); err != nil {
			return err
		}
		for _, ticks := range []int64{m.memoryTicks / 10, m.memoryTicks} {
			m.Progress(fmt.Sprintf("memory over %d ticks of workers", ticks))
			if _, err := f.judgeFile(file, ticks); err != nil {
				return err
			}
			m.report.Steady = append(m.report.Steady, Steady{Setting: s, Ticks: ticks, Peak: f.peaks()[Asker]})
		}
		return nil
	})
}
