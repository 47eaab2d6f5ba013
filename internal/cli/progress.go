package cli

import (
	"context"
	"time"

	"github.com/rivo/uniseg"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// longWork is how long a window may take before a progress bar is worth showing.
const longWork = time.Second

// showProgress draws a progress bar of a window on standard error, from its digests,
// if that is a terminal and the window takes long. stop removes it.
func showProgress(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey) (stop func()) {
	if !term.IsTerminal(int(io.err.Fd())) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-time.After(longWork):
			drawProgress(ctx, io, b, key)
		case <-ctx.Done():
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

func drawProgress(ctx context.Context, io *streams, b *bus.Bus, key events.WindowKey) {
	r, _, err := client.Get(ctx, b, key.Window)
	if err != nil {
		return
	}
	bar := newBar(io, int64(r.Runs)*r.Ticks, "ticks hashed")
	defer func() { _ = bar.Clear() }()
	_ = b.Follow(ctx, events.StreamDigest, "ers.digest."+key.Filter(), 1, func(m bus.Message) error {
		var d events.Digest
		if events.Decode(m.Data, &d) == nil {
			_ = bar.Add(len(d.Covers))
		}
		return nil
	})
}

// roomForCounts is how many columns a bar needs to show counts and times too, and maxBar
// how many it has itself at most.
const (
	roomForCounts = 100
	maxBar        = 40
)

func newBar(io *streams, total int64, what string, more ...progressbar.Option) *progressbar.ProgressBar {
	options := []progressbar.Option{progressbar.OptionSetWriter(io.err), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish()}
	if columns := io.widthErr; columns > 0 && columns < roomForCounts {
		room := columns - len(" 100% ||  ")
		what = cut(what, max(room, 1))
		options = append(options, progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetWidth(min(max(room-uniseg.StringWidth(what), 0), maxBar)))
	} else {
		options = append(append(options, progressbar.OptionShowCount(), progressbar.OptionSetWidth(maxBar)), more...)
	}
	return progressbar.NewOptions64(total, append(options, progressbar.OptionSetDescription(what))...)
}

// lateBar draws a progress bar on standard error, if that is a terminal, once the work
// has taken long. stop removes it.
func lateBar(io *streams, what string, options ...progressbar.Option) (progress func(done, total int64), stop func()) {
	if !term.IsTerminal(int(io.err.Fd())) {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	began := time.Now()
	progress = func(done, total int64) {
		if bar == nil && time.Since(began) > longWork {
			bar = newBar(io, total, what, options...)
		}
		if bar != nil {
			_ = bar.Set64(done)
		}
	}
	return progress, func() {
		if bar != nil {
			_ = bar.Clear()
		}
	}
}
