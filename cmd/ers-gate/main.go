// Command ers-gate follows ERS_DIGEST and appends the verdict of each complete window
// to ERS_VERDICT, which repeats it on ers.gate.>. Beside that, and behind it, it shows
// each window on ers.viz.>. See packages gate and feed.
package main

import (
	"context"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
)

func main() {
	daemon.Main("ers-gate", "Judges windows of runs by their digests and records the verdicts on ERS_VERDICT.",
		func(b *bus.Bus, _ *daemon.Flags, log zerolog.Logger) daemon.Service {
			g := gate.New(gate.Config{Bus: b, Log: log})
			f := feed.New(feed.Config{Bus: b, Log: log})
			run := func(ctx context.Context) error { return f.Beside(ctx, g.Run) }
			return daemon.Service{Run: run, Stats: func() map[string]int64 { return f.Stats().Beside(g.Stats().Counters()) }}
		})
}
