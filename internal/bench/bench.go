package bench

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"abraxas.dev/ers/pkg/service"
)

// Sync says when the server's files are synced to disk.
type Sync string

const (
	SyncInterval Sync = "interval" // every two minutes
	SyncAlways   Sync = "always"   // before each acknowledgement
)

// Processes says where the services run.
type Processes string

const (
	OneProcess   Processes = "one"     // server and services together
	OwnProcesses Processes = "own"     // server and services each in its own, over TCP
	Guarded      Processes = "guarded" // the same over TLS, each with what its role may
	RunProcesses Processes = "run"     // server and services together, the tasks of each run in its own: workers
)

// Measure is a group of measurements.
type Measure string

const (
	Memory     Measure = "memory"     // without a bus, on one core
	Throughput Measure = "throughput" // the whole pipeline beside the bus alone
	Live       Measure = "latency"    // the whole pipeline at a fixed rate
	Workers    Measure = "workers"    // tasks in processes, beside bare pipes and the gate of ERS v0.2
	Grow       Measure = "grow"       // a stream of 30 M events, and the extreme windows
	ManySmall  Measure = "many"       // 100 000 small windows
)

// Config says what is measured. All fields but Turns and Rate must be set.
type Config struct {
	Measures      []Measure
	EventsPerTick []int
	Syncs         []Sync
	Processes     []Processes

	Turns int     // 0: 5, or 1 if Quick
	Rate  float64 // events/s of latency measurements; 0: 50 000
	Quick bool    // little of everything: to see that it works, not how fast

	// Command returns the command that calls [Serve] with these arguments.
	Command func(ctx context.Context, args ...string) *exec.Cmd

	// Ers returns the command ers with these arguments, for [ManySmall].
	Ers func(ctx context.Context, args ...string) *exec.Cmd

	// Progress is told what is being measured now.
	Progress func(what string)
}

// Runs is how many runs a window has here, as everywhere unless told otherwise.
const Runs = 12

const (
	defaultTurns = 5
	defaultRate  = 50_000
)

// scale is how long, and how much of, a thing is measured.
type scale struct {
	memoryTurn   time.Duration
	busTurn      time.Duration
	pythonEvents int
	sampleEvents int64         // of the window that tells how many a turn needs
	liveTime     time.Duration // of each setting, split into windows
	liveWindows  int
	growTo       []int64 // events in the stream
	growStep     int64   // events of each window on the way
	manyTicks    int64
	manyTasks    int
	manyTo       []int // small windows in the streams

	workerTicks int64 // of a window of workers
	v02Ticks    int64 // of the gate of ERS v0.2
	memoryTicks int64 // of the longest window in which workers' memory is looked at
}

var (
	fullScale = scale{memoryTurn: 150 * time.Millisecond, busTurn: 700 * time.Millisecond, pythonEvents: 30_000, sampleEvents: 24_000,
		liveTime: 5 * time.Second, liveWindows: 10,
		growTo: []int64{1e6, 10e6, 30e6}, growStep: 1e6, manyTicks: 1_000_000, manyTasks: 20_000, manyTo: []int{1000, 10_000, 100_000},
		workerTicks: 2000, v02Ticks: 100, memoryTicks: 10_000}
	quickScale = scale{memoryTurn: 2 * time.Millisecond, busTurn: 20 * time.Millisecond, pythonEvents: 2000, sampleEvents: 3000,
		liveTime: 100 * time.Millisecond, liveWindows: 1,
		growTo: []int64{6e3, 18e3}, growStep: 6e3, manyTicks: 300, manyTasks: 2000, manyTo: []int{64, 192},
		workerTicks: 10, v02Ticks: 2, memoryTicks: 30}
)

// measurement is one call of Run.
type measurement struct {
	Config
	scale
	python string // the interpreter, or ""
	report *Report
}

// Run measures, and returns what it found: with an error, what it had found before.
func Run(ctx context.Context, c Config) (*Report, error) {
	ballast := service.Ballast() // as where server and services run in one process
	defer runtime.KeepAlive(ballast)
	m := measurement{Config: c, scale: fullScale, report: &Report{Schema: Schema, Quick: c.Quick, Machine: machine()}}
	if c.Quick {
		m.scale = quickScale
		if m.Turns == 0 {
			m.Turns = 1
		}
	}
	if m.Turns == 0 {
		m.Turns = defaultTurns
	}
	if m.Rate == 0 {
		m.Rate = defaultRate
	}
	m.report.Turns = m.Turns
	if slices.ContainsFunc(m.Measures, func(w Measure) bool { return w == Memory || w == Throughput || w == Workers }) {
		m.findPython()
	}
	steps := []struct {
		measure Measure
		do      func(context.Context) error
	}{{Memory, m.memory}, {Throughput, m.throughput}, {Live, m.live}, {Workers, m.workers}, {Grow, m.grow}, {ManySmall, m.many}}
	for _, s := range steps {
		if !slices.Contains(m.Measures, s.measure) {
			continue
		}
		if err := s.do(ctx); err != nil {
			return m.report, fmt.Errorf("measure %s: %w", s.measure, err)
		}
	}
	return m.report, nil
}

// eachSetting calls do for every setting of a bus that is asked for.
func (m *measurement) eachSetting(ctx context.Context, what string, do func(context.Context, Setting) error) error {
	for _, processes := range m.Config.Processes {
		for _, sync := range m.Syncs {
			for _, n := range m.EventsPerTick {
				s := Setting{EventsPerTick: n, Sync: sync, Processes: processes}
				m.Progress(what + ", " + s.String())
				if err := do(ctx, s); err != nil {
					return fmt.Errorf("%s: %w", s, err)
				}
			}
		}
	}
	return nil
}
