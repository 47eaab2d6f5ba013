package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

const (
	lookEvery = 500 * time.Millisecond
	stillTime = 2 * time.Second // without progress, before it is worth a word
)

// waiting says on standard error what a command waits for, when nothing has come of it
// for some time, and then whenever that changes.
type waiting struct {
	io    *streams
	b     *bus.Bus
	inner bool // the services are in this process
	done  chan struct{}
	end   context.CancelFunc

	mu      sync.Mutex
	key     events.WindowKey // the zero WindowKey: it is not asked for yet
	request *events.WindowRequest
	text    string // what it waits for now
}

// startWaiting begins to look. inner says that the services are in this process.
func startWaiting(ctx context.Context, io *streams, b *bus.Bus, inner bool) *waiting {
	ctx, cancel := context.WithCancel(ctx)
	w := &waiting{io: io, b: b, inner: inner, done: make(chan struct{}), end: cancel}
	go w.look(ctx)
	return w
}

// forWindow says which window is waited for.
func (w *waiting) forWindow(key events.WindowKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.key, w.request, w.text = key, nil, ""
}

func (w *waiting) window() events.WindowKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.key
}

// stop ends the looking and returns what is waited for.
func (w *waiting) stop() string {
	w.end()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.text == "" && w.key.Window != 0 { // it was too short a time to look into it
		return fmt.Sprintf("window %d has no verdict yet", w.key.Window)
	}
	return w.text
}

// goesOn says to somebody who leaves that the window is not given up.
func (w *waiting) goesOn() {
	if key := w.window(); key.Window != 0 {
		w.io.say("window %d goes on without you; `%s wait --window %d` tells its verdict", key.Window, w.io.name(), key.Window)
	}
}

func (w *waiting) look(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	moved, before, said := time.Now(), progress{}, ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := w.progress(ctx)
		if now != before {
			moved, before = time.Now(), now
		}
		if time.Since(moved) < stillTime {
			continue
		}
		kind, text := w.state(ctx, now)
		if ctx.Err() != nil || text == "" {
			continue
		}
		w.mu.Lock()
		w.text = text
		w.mu.Unlock()
		if kind != said {
			said = kind
			w.io.say("%s", text)
		}
	}
}

// progress is how far a window is.
type progress struct {
	known           bool
	frames, digests uint64
}

func (w *waiting) progress(ctx context.Context) (p progress) {
	key := w.window()
	if key.Window == 0 {
		return p
	}
	p.known = true
	p.frames = w.count(ctx, events.StreamTrace, "ers.trace."+key.Filter())
	p.digests = w.count(ctx, events.StreamDigest, "ers.digest."+key.Filter())
	return p
}

// count counts the messages on a filter; 0 when it cannot be told.
func (w *waiting) count(ctx context.Context, stream, filter string) (n uint64) {
	ctx, cancel := context.WithTimeout(ctx, stillTime)
	defer cancel()
	subjects, err := w.b.Subjects(ctx, stream, filter)
	if err != nil {
		return 0
	}
	for _, messages := range subjects {
		n += messages
	}
	return n
}

// state says what is waited for. Texts of one kind differ in numbers alone.
func (w *waiting) state(ctx context.Context, p progress) (kind, text string) {
	var troubles []string
	for _, t := range w.b.Trouble() {
		troubles = append(troubles, t.String())
	}
	kind, text = w.stage(ctx, p)
	if len(troubles) == 0 && w.inner && w.b.URL() == "" {
		return "", "" // all is in this process, and works: the tasks take their time
	}
	return kind + strings.Map(withoutDigits, strings.Join(troubles, "")), strings.Join(append(troubles, text), "; ")
}

func withoutDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// stage says whose turn it is.
func (w *waiting) stage(ctx context.Context, p progress) (kind, text string) {
	if !p.known {
		return "asking", "the window is not asked for yet; still trying"
	}
	where := fmt.Sprintf("window %d waits", w.window().Window)
	counts := fmt.Sprintf("%d frames, %d digests, no verdict", p.frames, p.digests)
	key, request := w.requested(ctx)
	next := turnOf(ctx, w.io, w.b, key, request, p.frames)
	said := next.what + next.busy(p.frames)
	if !w.inner {
		said = next.tell(ctx, w.b, p.frames)
	}
	return next.of.name + strings.Map(withoutDigits, said), fmt.Sprintf("%s for %s (%s)", where, said, counts)
}

// requested returns what was asked for, nil when it cannot be read.
func (w *waiting) requested(ctx context.Context) (events.WindowKey, *events.WindowRequest) {
	w.mu.Lock()
	key, request := w.key, w.request
	w.mu.Unlock()
	if request == nil {
		var err error
		if request, _, err = client.Get(ctx, w.b, key.Window); err != nil {
			return key, nil
		}
		w.mu.Lock()
		w.request = request
		w.mu.Unlock()
	}
	return key, request
}
