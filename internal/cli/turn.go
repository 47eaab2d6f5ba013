package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// serviceKind is a service that a window may wait for.
type serviceKind struct {
	name, start string
	coordinates bool
}

const (
	hasherName = "ers-hasher"
	gateName   = "ers-gate"
)

var (
	stockCoordinator = serviceKind{name: "ers-coordinator", start: "ers-coordinator or `ers up`", coordinates: true}
	stockHasher      = serviceKind{name: hasherName, start: "ers-hasher or `ers up`"}
	stockGate        = serviceKind{name: gateName, start: "ers-gate or `ers up`"}
)

// coordinatorOf is the service that runs the windows of a request.
func (s *streams) coordinatorOf(r *events.WindowRequest) serviceKind {
	if r.Kind == program.KindGo {
		start := "the Go program of pipeline " + r.Pipeline + " with its command up"
		if s.program != nil {
			start = "`" + s.name() + " up`"
		}
		return serviceKind{name: programService(r.Pipeline), start: start, coordinates: true}
	}
	return stockCoordinator
}

// programService is the name by which the coordinator of a program in Go is seen on a
// server.
func programService(pipeline string) string { return "ers-go-" + pipeline }

// turn is what a window waits for.
type turn struct {
	of     serviceKind
	what   string // it is to do, after "waits for"
	before uint64 // frames of others that it has to read first
}

// busy says what keeps the service from the window, where that is known.
func (t turn) busy(frames uint64) string {
	switch {
	case t.of.coordinates && frames == 0:
		return ", which may be busy with earlier windows"
	case t.before > 0:
		return fmt.Sprintf(", which has %d frames of others to read first", t.before)
	}
	return ""
}

// tell says what is waited for and how that service is.
func (t turn) tell(ctx context.Context, b *bus.Bus, frames uint64) string {
	answers, trouble := health(ctx, b, t.of)
	switch {
	case !answers:
		return fmt.Sprintf("%s, and none answers: start %s on this server", strings.ReplaceAll(t.what, "the ", "a "), t.of.start)
	case trouble != "":
		return fmt.Sprintf("%s, which cannot work: %s", t.what, trouble)
	}
	return t.what + t.busy(frames)
}

// health tells whether a service is there, on its own or inside `ers up`, and what keeps it
// from its work, or one of several. Who may not ask is told that it is there.
func health(ctx context.Context, b *bus.Bus, s serviceKind) (answers bool, trouble string) {
	all, err := daemon.All(ctx, b, s.name)
	if err != nil {
		_, refused := errors.AsType[*bus.RefusedError](err)
		return refused, ""
	}
	for _, h := range all {
		for _, t := range h.Trouble {
			if !h.OK {
				trouble = fmt.Sprintf("%s: %s", t.What, t.Error)
			}
		}
	}
	return true, trouble
}

// turnOf tells which service has the next thing to do for a window of which so many frames
// are there: the first run without its last digest shows it. request is nil when it could
// not be read.
func turnOf(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey, request *events.WindowRequest, frames uint64) turn {
	switch {
	case request == nil && frames == 0:
		return turn{of: stockCoordinator, what: "the coordinator to begin it"}
	case request == nil:
		return turn{of: stockHasher, what: "the hasher"}
	case frames == 0:
		return turn{of: io.coordinatorOf(request), what: "the coordinator to begin it"}
	}
	for run := range request.Runs {
		var d events.Digest
		m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(key.Run(run)))
		if err == nil && events.Decode(m.Data, &d) == nil && d.Final {
			continue
		}
		if ended(ctx, b, key.Run(run)) {
			return turn{stockHasher, "the hasher", framesBefore(ctx, b, key)}
		}
		return turn{of: io.coordinatorOf(request), what: "the coordinator to go on"}
	}
	return turn{of: stockGate, what: "the gate"}
}

// framesBefore is how many frames of others hashers have to read before the next one of a
// window; 0 where it cannot be told. They read in the order of the stream.
func framesBefore(ctx context.Context, b *bus.Bus, key events.WindowKey) uint64 {
	read, err := framesRead(ctx, b)
	if err != nil {
		return 0
	}
	next, err := b.Next(ctx, events.StreamTrace, "ers.trace."+key.Filter(), read+1)
	if err != nil {
		return 0
	}
	return next.Seq - read - 1
}

// framesRead is about how far a hasher has read ERS_TRACE at least: up to where its last digest
// says that all is covered, and the last frame that this digest itself covers.
func framesRead(ctx context.Context, b *bus.Bus) (seq uint64, err error) {
	m, err := b.Last(ctx, events.StreamDigest, events.DigestSubjects)
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	var d events.Digest
	if err == nil {
		err = events.Decode(m.Data, &d)
	}
	return max(d.LowWater, d.LastSeq), err
}

// ended tells whether a run's last frame is on the stream.
func ended(ctx context.Context, b *bus.Bus, key events.RunKey) bool {
	m, err := b.Last(ctx, events.StreamTrace, events.TraceSubject(key))
	if err != nil {
		return false
	}
	var d events.FrameDecoder
	return d.Decode(m.Data) == nil && (d.Abandoned != "" || d.Difference != nil || d.Last() && d.Tick == d.FirstTick+d.Ticks-1)
}

// maxWaits is of how many running windows, the oldest, it is said what they wait for.
const maxWaits = 20

// sayWaits finds out what windows wait for.
func sayWaits(ctx context.Context, io *streams, b *bus.Bus, list []*listed) {
	n := 0
	for _, w := range list {
		if w.State != stateRunning || n == maxWaits {
			continue
		}
		n++
		r, key, err := client.Get(ctx, b, w.Window)
		if err != nil {
			continue
		}
		frames, err := b.Count(ctx, events.StreamTrace, "ers.trace."+key.Filter())
		if err != nil {
			continue
		}
		next := turnOf(ctx, io, b, key, r, frames)
		if w.waits = "waits for " + next.what + next.busy(frames); b.URL() != "" {
			w.waits = "waits for " + next.tell(ctx, b, frames)
		}
	}
}
