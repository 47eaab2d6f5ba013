package cli

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

type waitCommand struct {
	connection
	limit
	Window []uint64 `placeholder:"W" help:"The window. With several, as in 1,2,3, also what their budgets come to. Left out: the last one that runs."`
	answerFlags
	budgetFlags
}

func (*waitCommand) examples() string {
	return `  ers wait                                     for the last window that runs
  ers wait --window 17                         prints the verdict as ers submit does, with its exit code
  ers wait --window "$(ers submit -f pipeline.yaml --no-wait --json | jq .window)" --timeout 10m
  ers wait --window 1,2,3                      several, and what their budgets come to
`
}

func (c *waitCommand) Run(ctx context.Context, io *streams) error {
	if err := c.check(len(c.Window), c.JSON); err != nil {
		return err
	}
	if err := c.begin(); err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	b, err := c.read(ctx, io)
	if err != nil {
		return outOfTime(ctx, err, "")
	}
	waitedFor, err := c.wait(ctx, io, b)
	return errors.Join(outOfTime(ctx, err, waitedFor), b.Close())
}

func (c *waitCommand) wait(ctx context.Context, io *streams, b *bus.Bus) (waitedFor string, err error) {
	windows := c.Window
	if len(windows) == 0 {
		last, err := lastRunning(ctx, io, b)
		if err != nil {
			return "", err
		}
		windows = []uint64{last}
	}
	var keys []events.WindowKey
	for _, window := range windows {
		_, key, err := client.Get(ctx, b, window)
		if err != nil {
			return "", err
		}
		keys = append(keys, key)
	}
	w := startWaiting(ctx, io, b, false)
	err = c.awaitAll(ctx, io, b, keys, w, &c.budgetFlags)
	return w.stop(), err
}

// awaitAll waits for the verdicts of windows and tells them and, of several, what their
// budgets come to.
func (a *answerFlags) awaitAll(ctx context.Context, io *streams, b *bus.Bus, keys []events.WindowKey, w *waiting, flags *budgetFlags) error {
	all := new(across)
	for _, key := range keys {
		r, _, err := client.Get(ctx, b, key.Window)
		if err != nil {
			return err
		}
		a.headBudget(io, r.BudgetName)
		v, err := awaitVerdict(ctx, io, b, key, w, a)
		err = errors.Join(err, flags.draw(ctx, io, b, v))
		if err := all.add(ctx, b, v, err); err != nil {
			return err
		}
	}
	return all.tell(ctx, io, b, a, flags.StrictBudgets)
}
