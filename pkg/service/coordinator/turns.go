package coordinator

import (
	"context"
	"slices"
	"sync"
)

// turns hands out the right to compute a tick, to so many at once. It is fair: where
// several wait, pipelines come in turn, then the windows of a pipeline, then whoever
// asked first. So a window with a thousand runs, or a pipeline with a hundred windows,
// takes no more than its share from the others.
type turns struct {
	mu    sync.Mutex
	free  int
	lines []*line // pipelines for which somebody waits, the next one first
}

// line is a pipeline's windows for which somebody waits, the next one first.
type line struct {
	pipeline string
	windows  []*queue
}

// queue is who waits for a window's turn, the first one first.
type queue struct {
	window  uint64
	waiting []chan struct{}
}

func newTurns(n int) *turns { return &turns{free: n} }

// take waits for a turn, or until ctx ends. Its holder gives it back.
func (t *turns) take(ctx context.Context, pipeline string, window uint64) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	q := t.queue(pipeline, window)
	q.waiting = append(q.waiting, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(q.waiting, turn); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else { // it came just now
		t.next()
	}
	return ctx.Err()
}

// give gives a turn back.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

// queue returns the queue of a window, at the end of its line if it is new.
func (t *turns) queue(pipeline string, window uint64) *queue {
	i := slices.IndexFunc(t.lines, func(l *line) bool { return l.pipeline == pipeline })
	if i < 0 {
		i = len(t.lines)
		t.lines = append(t.lines, &line{pipeline: pipeline})
	}
	l := t.lines[i]
	j := slices.IndexFunc(l.windows, func(q *queue) bool { return q.window == window })
	if j < 0 {
		j = len(l.windows)
		l.windows = append(l.windows, &queue{window: window})
	}
	return l.windows[j]
}

// next passes a turn on. The line and the window that get it go to the end; those for
// which nobody waits any more are left out.
func (t *turns) next() {
	for len(t.lines) > 0 {
		l := t.lines[0]
		t.lines = t.lines[1:]
		for len(l.windows) > 0 {
			q := l.windows[0]
			l.windows = l.windows[1:]
			if len(q.waiting) == 0 {
				continue
			}
			turn := q.waiting[0]
			q.waiting = q.waiting[1:]
			if len(q.waiting) > 0 {
				l.windows = append(l.windows, q)
			}
			if len(l.windows) > 0 {
				t.lines = append(t.lines, l)
			}
			close(turn)
			return
		}
	}
	t.free++
}
