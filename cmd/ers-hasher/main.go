// Command ers-hasher follows ERS_TRACE and appends the hashes of what it reads to
// ERS_DIGEST. See package hasher.
package main

import (
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/service/hasher"
)

func main() {
	daemon.Main("ers-hasher", "Hashes the ticks on ERS_TRACE and records the digests on ERS_DIGEST.",
		func(b *bus.Bus, _ *daemon.Flags, log zerolog.Logger) daemon.Service {
			h := hasher.New(hasher.Config{Bus: b, Log: log})
			return daemon.Service{Run: h.Run, Stats: h.Stats().Counters}
		})
}
