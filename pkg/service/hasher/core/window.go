package core

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// window is a window that was asked for.
type window struct {
	key     events.WindowKey
	request *events.WindowRequest
	loaded  map[int]bool // runs loaded since, where no run had a digest when the window was looked up; else nil
}

// unseen tells, once for each run, that it can have no digest but of another hasher that
// is as fast: one look for all runs of a window.
func (w *window) unseen(run int) bool {
	if w.loaded == nil || w.loaded[run] {
		return false
	}
	w.loaded[run] = true
	return true
}

// window looks up the window of a frame. It returns nil, and complains, when there is
// none: then the frame belongs to nothing that could be judged.
func (c *Core) window(key events.RunKey, m events.Message) (*window, error) {
	w, ok := c.windows[key.Window]
	if !ok {
		found, err := c.streams.Get(events.StreamWindow, key.Window)
		if err != nil {
			return nil, err
		}
		if found[0].Seq == 0 {
			c.refuse(m, "a frame of window %d, and %s has no such message", key.Window, events.StreamWindow)
			return nil, nil
		}
		request, asked, err := events.ReadRequest(found[0])
		if errors.Is(err, events.ErrVoid) {
			return nil, nil // lost, as a repair has said
		}
		if err != nil {
			c.refuse(m, "a frame of window %d, which is none: %v", key.Window, err)
			return nil, nil
		}
		if len(c.windows) >= maxKept {
			clear(c.windows)
		}
		w = &window{key: asked, request: request}
		_, err = c.streams.Last(events.StreamDigest, "ers.digest."+asked.Filter())
		if errors.Is(err, events.ErrNotFound) {
			w.loaded = make(map[int]bool)
		} else if err != nil {
			return nil, err
		}
		c.windows[key.Window] = w
	}
	switch {
	case w.key.Pipeline != key.Pipeline:
		c.refuse(m, "a frame of window %d of pipeline %s, which is one of %s", key.Window, key.Pipeline, w.key.Pipeline)
		return nil, nil
	case key.Run >= w.request.Runs:
		c.refuse(m, "a frame of run %d of a window of %d runs", key.Run, w.request.Runs)
		return nil, nil
	}
	return w, nil
}

// refuse complains of a message that is passed over.
func (c *Core) refuse(m events.Message, format string, args ...any) {
	c.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: fmt.Sprintf(format, args...)})
}
