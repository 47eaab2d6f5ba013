package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// What the tests see of the table of streams.
var (
	Streams      = streams
	ObjectStream = withPromises(objectStream)
	WithPromises = withPromises
	StreamOf     = streamOf
)

// CheckSettings compares what a stream has with what it must have.
func CheckSettings(want, found *jetstream.StreamConfig) error { return checkSettings(want, found) }

// OpenStreams does what Open does with the streams.
func (b *Bus) OpenStreams(ctx context.Context, c Config) (map[string]jetstream.Stream, error) {
	other := newBus(c) // what b knows is not touched
	other.nc, other.js, other.apiPrefix, other.log = b.nc, b.js, b.apiPrefix, b.log
	err := other.openStreams(ctx, c)
	return other.streams, err
}

// SetSlow makes the group believe that acknowledgements wait for the disk, or not.
func (g *Group) SetSlow(slow bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pace = pace{single: time.Microsecond, pays: slow, look: maxLook}
	if slow {
		g.pace.single = time.Second
	}
}

// InFlight is how many messages are on their way.
func (g *Group) InFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inFlight
}
