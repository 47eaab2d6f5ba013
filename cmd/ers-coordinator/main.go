// Command ers-coordinator takes requested windows off the queue, runs them, and
// appends their ticks to ERS_TRACE. See package coordinator.
package main

import (
	"context"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
)

func main() {
	evaluator.Main()
	process.Main()
	var flags struct {
		daemon.Limits
		EvaluatorMemory evaluator.Size `default:"1GiB" placeholder:"SIZE" help:"Memory that the tasks of a tick may take together (${default})."`
	}
	daemon.Main("ers-coordinator", "Runs the windows that users request and records their ticks on ERS_TRACE.",
		func(b *bus.Bus, f *daemon.Flags, log zerolog.Logger) daemon.Service {
			evaluators := evaluator.New(evaluator.Config{Memory: int64(flags.EvaluatorMemory), Log: log})
			allow, err := flags.Allow()
			allow.Warn(log)
			processes := exec.Config{Build: daemon.Version, Hide: daemon.Secrets(append(f.Files(f.NATS), f.Store)...), Log: log}
			c := coordinator.New(coordinator.Config{Bus: b, Load: service.Loader(b, evaluators, processes, allow), Kinds: service.Kinds,
				Windows: flags.Windows, MaxTicks: flags.MaxTicks, Log: log})
			run := func(ctx context.Context) error {
				defer evaluators.Close()
				if err != nil {
					return err
				}
				return c.Run(ctx)
			}
			return daemon.Service{Run: run, Stats: c.Stats().Counters}
		}, kong.Embed(&flags))
}
