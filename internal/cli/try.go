package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
)

type tryCommand struct {
	Runs int  `default:"12" placeholder:"N" help:"Runs (${default})."`
	Jobs uint `placeholder:"N" help:"Runs at once. Left out: one for each processor."`
	varyFlags

	Dir     string   `placeholder:"DIR" type:"path" help:"Working folder. Left out: the current one."`
	Env     []string `placeholder:"NAME[=VALUE]" sep:"none" help:"A variable of its environment: with a value, or as it is here (its name alone is recorded)."`
	Setup   string   `placeholder:"COMMAND" help:"For sh -c, before each run."`
	Probe   string   `placeholder:"COMMAND" help:"For sh -c, after each run: its output is compared too."`
	InPlace bool     `help:"Run in the folder itself, one run after the other, instead of a view of its own."`

	Out        []string `placeholder:"GLOB" sep:"none" help:"Compare these files alone. Left out: all that were made or changed."`
	As         []string `placeholder:"WHERE=KIND" sep:"none" help:"What stdout, stderr, probe or a file is taken for: json, jsonl, text or bytes."`
	Ignore     []string `placeholder:"RULE" sep:"none" help:"What may differ: 'stdout#json:/meta/date', 'out.vcf#line:^##fileDate=' or 'file:*.log'."`
	Round      []string `placeholder:"RULE" sep:"none" help:"Numbers that are rounded to significant digits: 'stdout#json:/score=12'."`
	ExpectExit *int64   `placeholder:"N" help:"The exit status that says that all is well, where that is not 0."`

	Memory  memoryFlag  `placeholder:"SIZE" help:"Memory that a run may take, as in 512MiB. Left out: no bound."`
	Disk    memoryFlag  `placeholder:"SIZE" help:"What a run may have on the disk. Left out: 4GiB."`
	Procs   int64       `name:"processes" placeholder:"N" help:"Processes and threads that a run may have at once. Left out: 4096."`
	Limit   durationMS  `name:"run-timeout" default:"10m" placeholder:"TIME" help:"A run is given up after so long (${default})."`
	Network networkFlag `default:"on" enum:"on,off,auto" placeholder:"on|off|auto" help:"The network: as it is, none, or none where the kernel allows (${default})."`

	Name string `placeholder:"NAME" help:"Name of the pipeline. Left out: that of the program."`
	Save string `placeholder:"FILE" type:"path" help:"Write the pipeline file, for ers run -f."`

	Lock   string `placeholder:"NAME" help:"Hold the runs against entry NAME of ers.lock in the working folder, or write it there."`
	Why    string `placeholder:"TEXT" help:"Why it is accepted, with --lock."`
	Update bool   `help:"Renew the entry of --lock."`

	sureFlags
	local
	limit
	answerFlags
	blameFlags
	estimated bool // it is said how long the runs take

	Command []string `arg:"" optional:"" passthrough:"partial" placeholder:"COMMAND" help:"The program and its arguments."`
}

func (*tryCommand) examples() string {
	return `  ers try -- python3 report.py                 twelve runs, each from the same start
  ers try --ignore 'stdout#json:/meta/date' -- ./report --json < input.csv
  ers try --vary standard -- python3 report.py each run in other surroundings
  ers try --vary standard --blame -- ./report  and on a fail which of them it is
  ers try --vary standard --fix tz -- ./report and all run in the same time zone
  ers try --out 'build/**' -- make             compare these files alone
  ers try --setup './reset-db' --probe 'psql -c "select * from result order by id"' -- ./load
  ers try --confidence 0.99 --rate 0.01 -- ./report
                                               windows until what shows in 1 of 100 runs would be seen
  ers try --lock report --why "as released" -- ./report
                                               hold later runs against this one
`
}

func (c *tryCommand) Run(ctx context.Context, io *streams) error {
	f, done, err := c.pipeline(io)
	if err != nil {
		return err
	}
	defer done()
	if err := c.findProgram(ctx, io, f); err != nil {
		return err
	}
	plan, err := c.plan(c.Runs, nil, 1)
	if err == nil {
		err = errors.Join(c.check(), c.begin())
	}
	if err != nil {
		return err
	}
	if c.Save != "" && len(f.Fixed) > 0 {
		return errors.New("--save: a pipeline file does not say what is fixed: leave out --fix, and give it to `ers run`")
	}
	if c.Save != "" {
		if err := savePipeline(c.Save, f); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
		io.say("%s is written: run it with `ers run -f %s`", c.Save, report.ShellWord(c.Save))
	}
	noteUnhidden(io, f)
	lock, err := c.readLock(io, f)
	if err != nil {
		return err
	}
	c.folder, c.dir = f.Dir, f.Dir
	switch c.turns = int(c.Jobs); {
	case c.oneByOne():
		c.turns = 1
	case c.turns <= 0:
		c.turns = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	waitedFor := ""
	do := func(ctx context.Context, b *bus.Bus) error {
		w := startWaiting(ctx, io, b, true)
		defer func() { waitedFor = w.stop() }()
		return c.judge(ctx, io, b, f, lock, w, plan)
	}
	if c.NATS != "" {
		err = c.record(ctx, io, do)
	} else {
		err = c.with(ctx, io, embedded.Config{}, zerolog.ErrorLevel, embedded.Open, do)
	}
	return outOfTime(ctx, err, waitedFor)
}

// record has do work on a server whose hasher and gate do the rest.
func (c *tryCommand) record(ctx context.Context, io *streams, do func(context.Context, *bus.Bus) error) error {
	b, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, b), b.Close())
}

// judge asks for the windows and tells their verdict.
func (c *tryCommand) judge(ctx context.Context, io *streams, b *bus.Bus, f *pipeline.File, lock *lockfile.File, w *waiting, p *plan) error {
	entry := c.entry(lock)
	ask := func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error) {
		key, err := client.Submit(ctx, b, f, func(r *events.WindowRequest) {
			if c.NATS != "" {
				r.Kind = events.Here
			}
			if entry != nil {
				r.Latch = entry.Latch()
			}
			r.Reproduce = io.commandLine()
			change(r)
		})
		if err != nil {
			return nil, nil, err
		}
		return c.await(ctx, io, b, key, w)
	}
	v, err := windows(ctx, io, b, p, c.JSON, ask, func(v *events.Verdict, document []byte) error {
		return c.tell(ctx, io, b, v, document, entry)
	})
	c.blameToo(ctx, io, b, v, err, c.JSON, ask)
	if err == nil && v.Outcome == events.Pass && c.Lock != "" && entry == nil {
		return acceptInto(ctx, io, b, v, f.Dir, lock, c.Lock, c.Why)
	}
	return err
}

// await waits for the verdict of a window. On another server this process is the window's
// coordinator: no queue hands it out.
func (c *tryCommand) await(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey, w *waiting) (*events.Verdict, []byte, error) {
	if !c.estimated { // of a series, the first window alone
		c.estimated = true
		defer c.estimate(ctx, io, b, key)()
	}
	if c.NATS != "" {
		if err := c.coordinate(ctx, io, b, key); err != nil {
			return nil, nil, err
		}
	}
	return awaitedHere(ctx, io, b, key, w)
}

// coordinate runs the window here.
func (c *tryCommand) coordinate(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey) error {
	log := c.log(io, zerolog.ErrorLevel)
	processes := c.processes(io, "")
	processes.Log = log
	return coordinator.New(coordinator.Config{Bus: b, Load: service.Loader(b, nil, processes, exec.AllowAll), Turns: c.turns, Log: log}).RunOne(ctx, key)
}

// estimate says how long it will take, when the first run is there and that is worth a word.
func (c *tryCommand) estimate(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	began, done := time.Now(), make(chan struct{})
	go func() {
		defer close(done)
		first := errors.New("the first run is there")
		err := b.Follow(ctx, events.StreamTrace, "ers.trace."+key.Filter(), 1, func(bus.Message) error { return first })
		took := time.Since(began)
		rounds := (c.Runs + c.turns - 1) / c.turns
		if all := took * time.Duration(rounds); errors.Is(err, first) && all > 5*time.Second {
			io.say("the first run took %s, all %d take about %s", took.Round(time.Second/10), c.Runs, all.Round(time.Second))
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func (c *tryCommand) oneByOne() bool { return c.InPlace || c.Setup != "" || c.Probe != "" }

// readLock reads the lock file that --lock names an entry of.
func (c *tryCommand) readLock(io *streams, f *pipeline.File) (*lockfile.File, error) {
	if c.Lock == "" {
		if c.Update || c.Why != "" {
			return nil, errors.New("--update and --why belong to --lock NAME")
		}
		return nil, nil
	}
	lock, err := lockfile.Read(f.Dir)
	if err != nil {
		return nil, err
	}
	if e, there := lock.Pipelines[c.Lock]; there && !c.Update {
		if r := f.Request(); !e.Covers(&r) {
			return nil, fmt.Errorf("%s holds %s with other contexts, budgets or ticks: --update renews it", lockfile.Name, c.Lock)
		}
	} else if c.Why == "" {
		return nil, fmt.Errorf("%s is to be written: say why it is accepted, --why TEXT", lockfile.Name)
	}
	return lock, nil
}

// entry is what the runs are held against, nil for nothing.
func (c *tryCommand) entry(lock *lockfile.File) *lockfile.Entry {
	if lock == nil || c.Update {
		return nil
	}
	if e, there := lock.Pipelines[c.Lock]; there {
		return &e
	}
	return nil
}
