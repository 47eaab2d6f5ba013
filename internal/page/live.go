package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// hub passes events on to the pages that are open.
type hub struct {
	mu    sync.Mutex
	pages map[*listener]bool
}

func newHub() *hub { return &hub{pages: make(map[*listener]bool)} }

// listener is a page that is open.
type listener struct {
	events  chan []byte
	waiting atomic.Int64 // bytes of the events that it has not taken yet
}

// How many events, and bytes of them, may wait for a page. One that falls further behind is
// cut off: it connects again and asks for what it missed.
const (
	backlog      = 256
	backlogBytes = 64 << 10
)

func (h *hub) join() *listener {
	page := &listener{events: make(chan []byte, backlog)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[page] = true
	return page
}

func (h *hub) leave(page *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages[page] {
		delete(h.pages, page)
		close(page.events)
	}
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pages) == 0
}

func (h *hub) send(name string, data any) {
	event := liveEvent(name, data)
	h.mu.Lock()
	defer h.mu.Unlock()
	for page := range h.pages {
		if len(page.events) == cap(page.events) || page.waiting.Add(int64(len(event))) > backlogBytes {
			delete(h.pages, page)
			close(page.events)
			continue
		}
		page.events <- event // there is room, and nobody else sends
	}
}

func liveEvent(name string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("live event %s: %v", name, err)) // one of our own structs
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
}

// status is what a page shows of the server.
type status struct {
	Connected bool   `json:"connected"` // to NATS
	Ready     bool   `json:"ready"`     // the list is read
	NATS      string `json:"nats"`      // where; empty: in this process alone
}

func (s *Server) status() status {
	return status{Connected: s.Bus.Conn().Status() == nats.CONNECTED, Ready: s.index.ready(), NATS: s.Bus.URL()}
}

const (
	keepAlive = 15 * time.Second
	liveTime  = 10 * time.Second // that a page may take to read an event
)

// live streams server-sent events: status once and as it changes, ready when the list
// is complete, window with the summary of a window that is new or changed.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	page := s.hub.join()
	defer s.hub.leave(page)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	next := liveEvent("status", s.status())
	ping := time.NewTicker(keepAlive)
	defer ping.Stop()
	for {
		_ = out.SetWriteDeadline(time.Now().Add(liveTime))
		if _, err := w.Write(next); err != nil || out.Flush() != nil {
			return
		}
		select {
		case event, ok := <-page.events:
			if !ok {
				return
			}
			page.waiting.Add(-int64(len(event)))
			next = event
		case <-ping.C:
			next = []byte(": still here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

const (
	watchEvery = 400 * time.Millisecond
	maxWatched = 8 // windows whose progress is looked up
)

// watch tells open pages how far running windows are, and when the connection to NATS
// is lost and found.
func (s *Server) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	told := s.status()
	sealed := make(map[events.RunKey]int64) // ticks of runs that will not change
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if now := s.status(); now != told {
			told = now
			s.hub.send("status", now)
		}
		if s.hub.empty() || !told.Connected {
			continue
		}
		if err := s.progress(ctx, sealed); err != nil && ctx.Err() == nil {
			s.Log.Debug().Err(err).Msg("progress of running windows")
		}
	}
}

// progress looks up how far the oldest running windows are.
func (s *Server) progress(ctx context.Context, sealed map[events.RunKey]int64) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	running, _ := s.index.newest(0, maxIndexed, func(w *Summary) bool { return w.State == stateRunning })
	if len(running) == 0 {
		clear(sealed)
	}
	for i := range min(len(running), maxWatched) {
		w := &running[len(running)-1-i]
		done := int64(0)
		for run := range w.Runs {
			n, err := s.runProgress(ctx, events.RunKey{Pipeline: w.Pipeline, Window: w.Window, Run: run}, sealed)
			if err != nil {
				return err
			}
			done += n
		}
		if done != w.Done {
			s.index.update(w.Window, func(now *Summary) {
				if now.State == stateRunning {
					now.Done = done
				}
			})
		}
	}
	return nil
}

func (s *Server) runProgress(ctx context.Context, key events.RunKey, sealed map[events.RunKey]int64) (int64, error) {
	if n, ok := sealed[key]; ok {
		return n, nil
	}
	d, err := s.lastDigest(ctx, key)
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if d.Final {
		sealed[key] = d.Done
	}
	return d.Done, nil
}
