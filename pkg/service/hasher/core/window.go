package core

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// window is a window that was asked for.
type window struct {
	key     events.WindowKey
	request *events.WindowRequest
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
		if err != nil {
			c.refuse(m, "a frame of window %d, which is none: %v", key.Window, err)
			return nil, nil
		}
		if len(c.windows) >= maxKept {
			clear(c.windows)
		}
		w = &window{asked, request}
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
