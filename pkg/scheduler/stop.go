package scheduler

import "context"

// signal is what a task is shown of the caller's context: whether it is to stop, and
// nothing else. A deadline would be a clock, and a value could tell one run from
// another.
type signal struct {
	context.Context // the background: no deadline and no values
	from            context.Context
}

// signalOf returns the signal of a context that can end, else the background.
func signalOf(ctx context.Context) context.Context {
	if ctx.Done() == nil {
		return context.Background()
	}
	return signal{context.Background(), ctx}
}

func (s signal) Done() <-chan struct{} { return s.from.Done() }
func (s signal) Err() error            { return s.from.Err() }

// AfterFunc lets package context wait for the caller's context without a goroutine.
func (s signal) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(s.from, f) }

// ended tells whether the caller wants no more.
func ended(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}
