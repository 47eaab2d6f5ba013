// Package stop ends a process when somebody asks it to, whatever it is doing.
package stop

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Patience is how long a process has to come to its end after the first signal. What it
// leaves unfinished then is in the streams, as after a crash.
const Patience = 4500 * time.Millisecond

// promptly is how long nobody wonders whether the signal was heard.
const promptly = time.Second

// exitCode of a process that ran out of patience: what it was to tell could not be told.
const exitCode = 2

// OnSignal returns a context that ends at the first interrupt or SIGTERM. From then on
// nobody listens: a second signal ends the process at once, as the system does it, and
// running out of Patience does too. release ends the context without a signal.
func OnSignal(name string) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
			signal.Stop(signals)
			return
		}
		signal.Stop(signals)
		cancel()
		time.Sleep(promptly)
		fmt.Fprintf(os.Stderr, "%s: asked to stop, which takes a moment; a second signal ends it at once\n", name)
		time.Sleep(Patience - promptly)
		fmt.Fprintf(os.Stderr, "%s: asked to stop, and still busy after %v: ended\n", name, Patience)
		os.Exit(exitCode)
	}()
	return ctx, cancel
}
