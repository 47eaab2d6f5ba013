// Command ers-gate follows ERS_DIGEST and appends the verdict of each complete window
// to ERS_VERDICT, which repeats it on ers.gate.>. See package gate.
package main

import (
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/service"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/gate"
)

func main() {
	service.Main("ers-gate", "Judges windows of runs by their digests and records the verdicts on ERS_VERDICT.",
		func(b *bus.Bus, log zerolog.Logger) service.Service {
			g := gate.New(gate.Config{Bus: b, Log: log})
			return service.Service{Run: g.Run, Stats: func() map[string]int64 {
				s := g.Stats()
				return map[string]int64{"digests": s.Digests.Load(), "pass": s.Passed.Load(), "fail": s.Failed.Load(),
					"inconclusive": s.Inconclusive.Load(), "problems": s.Problems.Load()}
			}}
		})
}
