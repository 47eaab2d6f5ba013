package bustest

import (
	"context"
	"sync"
	"testing"
)

// Serve runs a service until stop is called or the test ends. A service that returns
// an error fails the test.
func Serve(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the service stopped: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}
