package cli

import (
	"context"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/feed"
)

const (
	sayFeed  = 10 * time.Second // after which it is said what is waited for
	mostFeed = time.Minute
)

// awaitFeed waits until the feed has appended the documents of the newest window with a
// verdict, so that what this process leaves behind is whole. Where it does not come to it,
// nothing is lost: the next feed on these streams goes on with them.
func awaitFeed(ctx context.Context, io *streams, b *bus.Bus) {
	m, err := b.Last(ctx, events.StreamVerdict, ">")
	if err != nil {
		return // none, or it has been said why
	}
	v, err := events.ReadVerdict(m)
	if err != nil {
		return // the feed passes it over
	}
	if there, err := feed.Shown(ctx, b, v.Key()); there || err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, mostFeed)
	defer cancel()
	saying := time.AfterFunc(sayFeed, func() {
		io.say("waiting for the documents for viewers of window %d (ERS_VIZ) …", v.Window)
	})
	defer saying.Stop()
	if _, err := b.Await(ctx, events.StreamViz, events.StabilitySubject(v.Pipeline, v.Window)); err != nil {
		io.say("note: the documents for viewers of window %d are not all there yet: the next services on these streams make them", v.Window)
	}
}
