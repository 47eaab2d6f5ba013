// Command ers-coordinator takes requested windows off the queue, runs them, and
// appends their ticks to ERS_TRACE. See package coordinator.
package main

import (
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
)

func main() {
	daemon.Main("ers-coordinator", "Runs the windows that users request and records their ticks on ERS_TRACE.",
		func(b *bus.Bus, log zerolog.Logger) daemon.Service {
			c := coordinator.New(coordinator.Config{Bus: b, Load: service.Loader(b), Log: log})
			return daemon.Service{Run: c.Run, Stats: func() map[string]int64 {
				s := c.Stats()
				return map[string]int64{"windows": s.Windows.Load(), "ticks": s.Ticks.Load(), "events": s.Events.Load()}
			}}
		})
}
