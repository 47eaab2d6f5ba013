package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/report"
)

type runCommand struct {
	windowFlags
	sureFlags
	local
	limit
	answerFlags
	budgetFlags
	blameFlags
}

// answerFlags say how a verdict is told.
type answerFlags struct {
	JSON bool `name:"json" help:"Print the verdict document alone."`
	strictFlag
	ciFlags
	dir string // the folder that commands work on, where it is here
}

func (*runCommand) examples() string {
	return `  ers run -f pipeline.yaml                     twelve runs, then the verdict
  ers run -f pipeline.yaml --store data        the same, with the streams kept in data
  ers run -f pipeline.yaml --json | jq .outcome
  ers run -f pipeline.yaml --budget tight      of several budgets one alone, see docs/budgets.md
  ers run -f pipeline.yaml --drill run=7,tick=1,task=oracle:compress,kind=value
                                               with one event falsified, to see the alarm
  ers run -f pipeline.yaml --confidence 0.99 --rate 0.01
                                               windows until what shows in 1 of 100 runs would be seen
  ers run -f pipeline.yaml --vary standard --fix tz
                                               all that must not matter is varied, but for the time zone
  ers run -f pipeline.yaml --vary standard --blame
                                               each run in other surroundings, and on a fail which of them it is
  ers run -f pipeline.yaml --junit ers.xml --github
                                               in CI, see docs/terminal-and-ci.md
`
}

func (c *runCommand) Run(ctx context.Context, io *streams) error {
	f, err := c.load(ctx, io)
	if err != nil {
		return err
	}
	files := f.Each() // a window each
	plan, err := c.plan(f.Runs, c.drill(), len(files))
	if err == nil {
		err = errors.Join(c.budgetFlags.check(len(files), c.JSON), c.blameFlags.check())
	}
	if err == nil {
		err = c.begin()
	}
	if err != nil {
		return err
	}
	noteUnhidden(io, f)
	c.noteSpread(io, f)
	locks, err := locksOf(io, files)
	if err != nil {
		return err
	}
	c.folder, c.dir, c.pipeline = f.Dir, f.Dir, f.Definition.Name
	ctx, cancel := c.within(ctx)
	defer cancel()
	waitedFor := ""
	err = c.with(ctx, io, embedded.Config{}, zerolog.ErrorLevel, embedded.Open, func(ctx context.Context, b *bus.Bus) error {
		w := startWaiting(ctx, io, b, true)
		defer func() { waitedFor = w.stop() }()
		all := new(across)
		for i, one := range files {
			v, err := c.window(ctx, io, b, w, one, locks[i], plan)
			if err := all.add(ctx, b, v, err); err != nil {
				return err
			}
		}
		return all.tell(ctx, io, b, &c.answerFlags, c.StrictBudgets)
	})
	return outOfTime(ctx, err, waitedFor)
}

// window asks for one window, or those of a plan that is not nil, waits for the verdict and
// tells it. The error says what the exit code is to be.
func (c *runCommand) window(ctx context.Context, io *streams, b *bus.Bus, w *waiting, f *pipeline.File, lock *lockfile.Entry, p *plan) (*events.Verdict, error) {
	ask := func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error) {
		key, err := client.Submit(ctx, b, f, func(r *events.WindowRequest) {
			c.requestWith(io, lock)(r)
			change(r)
		})
		if err != nil {
			return nil, nil, err
		}
		return awaitedHere(ctx, io, b, key, w)
	}
	c.headBudget(io, f.BudgetName)
	v, err := windows(ctx, io, b, p, c.JSON, ask, func(v *events.Verdict, document []byte) error {
		return tellVerdict(ctx, io, b, v, document, &c.answerFlags)
	})
	if v != nil && !c.JSON {
		err = errors.Join(err, showDrift(ctx, io, b, v, lock, io.name()+" accept --lock --update --why TEXT -f FILE"+budgetFlag(f.BudgetName)))
	}
	err = errors.Join(err, c.draw(ctx, io, b, v))
	c.blameToo(ctx, io, b, v, err, c.JSON, ask)
	return v, err
}

// requestWith is request, with what the pipeline was accepted with.
func (w *windowFlags) requestWith(io *streams, lock *lockfile.Entry) func(*events.WindowRequest) {
	return func(r *events.WindowRequest) {
		w.request(io.commandLine())(r)
		if lock != nil && r.Latch == nil {
			r.Latch = lock.Latch()
		}
	}
}

// noteSpread says of a window that compares machines that there is one alone.
func (c *runCommand) noteSpread(io *streams, f *pipeline.File) {
	if f.Spread && c.NATS == "" {
		fmt.Fprintf(io.err, "%s: note: spread: here is one coordinator, and so no machines are compared: give --nats with a server that has several\n", io.name())
	}
}

// noteUnhidden says what the processes of a pipeline see that they should not.
func noteUnhidden(io *streams, f *pipeline.File) {
	if f.Definition.Kind != program.KindExec {
		return
	}
	if why := exec.Unhidden(); why != "" {
		io.say("note: %s", why)
	}
}

// leave cancels the window of a run that is stopped: nobody waits for its verdict, and it
// must not come up again in the next process on the same streams. Where that fails the
// window stays in the queue.
func leave(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if v, _, err := client.VerdictSoFar(ctx, b, key); err == nil && v == nil {
		_, _ = client.Cancel(ctx, b, key, io.name()+" run was stopped before there was an answer")
	}
}

// awaitVerdict waits for a verdict, prints it, and returns it with what the exit code is
// to be.
func awaitVerdict(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey, w *waiting, how *answerFlags) (*events.Verdict, error) {
	v, document, err := awaited(ctx, io, b, key, w)
	if err != nil {
		return nil, err
	}
	return v, tellVerdict(ctx, io, b, v, document, how)
}

// awaited waits for a verdict and shows how far it is.
func awaited(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey, w *waiting) (*events.Verdict, []byte, error) {
	defer showProgress(ctx, io, b, key)()
	w.forWindow(key)
	return client.Verdict(ctx, b, key)
}

// awaitedHere is awaited for a window that nobody else waits for: who stops leaves it.
func awaitedHere(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey, w *waiting) (*events.Verdict, []byte, error) {
	v, document, err := awaited(ctx, io, b, key, w)
	if err != nil && ctx.Err() != nil {
		leave(ctx, io, b, key)
	}
	return v, document, err
}

// tellVerdict prints a verdict, and returns what the exit code is to be.
func tellVerdict(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, document []byte, how *answerFlags) error {
	d, err := definitionOf(ctx, b, v)
	if err != nil {
		return err
	}
	failed := ""
	if d != nil {
		if failed, err = allFailed(ctx, b, v, d); err != nil {
			return err
		}
	}
	if failed != "" && v.Outcome == events.Pass {
		return tellFailed(io, v, document, failed, how)
	}
	text := append(document, '\n')
	if !how.JSON {
		text = report.Append(nil, v, io.screen())
		if how.GitHub {
			text = withoutCommands(text)
		}
	}
	if _, err := io.out.Write(text); err != nil {
		return err
	}
	if d != nil && !how.JSON {
		tellRules(ctx, io, b, v, d)
		tellOut(ctx, io, b, v, d)
		if err := explain(ctx, io, b, v, d, how.dir); err != nil {
			io.say("note: %v", err)
		}
	}
	err = how.write(io, v, how.JSON, how.Strict)
	if v.Outcome == events.Pass {
		if !how.JSON {
			warnOfFailures(ctx, io, b, v)
		}
		return errors.Join(err, how.judge(v))
	}
	if err != nil { // what the window came to decides the exit code
		io.say("%v", err)
	}
	if v.Outcome == events.Inconclusive && how.JSON {
		io.say("%s", report.Headline(v))
	}
	if failed != "" {
		io.say("note: no run ended well: %s", failed)
		return errUnknown
	}
	return outcomeError(v.Outcome)
}

// tellFailed tells of runs that are equal, and all fail.
func tellFailed(io *streams, v *events.Verdict, document []byte, failed string, how *answerFlags) error {
	say, to := fmt.Sprintf("COULD NOT TELL  all %d runs are equal, and all fail: %s\n", v.Runs, failed), io.out
	if how.JSON {
		if _, err := io.out.Write(append(document, '\n')); err != nil {
			return err
		}
		say, to = io.name()+": "+say, io.err
	} else {
		say += "\n  Mend the command, or say that this is what is wanted: --expect-exit of `ers try`,\n  expect_exit in a pipeline file.\n"
	}
	if _, err := to.Write([]byte(say)); err != nil {
		return err
	}
	return errors.Join(errUnknown, how.write(io, withoutPass(v, failed), how.JSON, false))
}

// strictFlag says what a pass is worth in which nothing ran.
type strictFlag struct {
	Strict bool `help:"Fail where a window passes and no task in it ended ok: each was skipped for its budget, or failed."`
}

// judge is outcomeError, as strictly as it is wanted.
func (s *strictFlag) judge(v *events.Verdict) error {
	if s.Strict && v.Empty != "" {
		return errFail
	}
	return outcomeError(v.Outcome)
}

// outcomeError makes the exit code that of an outcome.
func outcomeError(o events.Outcome) error {
	switch o {
	case events.Pass:
		return nil
	case events.Fail:
		return errFail
	}
	return errUnknown
}

// commandLine is what to type to see the same again, without passwords; "" when it is too
// long for a request; the verdict then names another way.
func (s *streams) commandLine() string {
	args := os.Args
	words := []string{s.name()}
	for i, arg := range args[1:] {
		arg = bus.Redact(arg)
		if url, ok := strings.CutPrefix(arg, "--nats="); ok && strings.Contains(url, "@") {
			arg = "--nats=" + bus.RedactURL(url)
		} else if args[i] == "--nats" && strings.Contains(arg, "@") {
			arg = bus.RedactURL(arg)
		}
		words = append(words, arg)
	}
	if line := report.ShellLine(words); len(line) <= events.MaxReproduce {
		return line
	}
	return ""
}
