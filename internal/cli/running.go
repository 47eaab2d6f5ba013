package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

const (
	maxLooked  = 1000 // of the newest windows, to find those that run
	maxRunning = 10   // that are named
)

// running finds windows that have no verdict yet, the newest first.
func running(ctx context.Context, b *bus.Bus, most int) (list []*listed, err error) {
	end, err := b.LastSeq(ctx, events.StreamWindow)
	if err != nil || end == 0 {
		return nil, err
	}
	var requests []bus.Message
	for m, err := range b.Read(ctx, events.StreamWindow, events.WindowSubject("*", "*"), end-min(end, maxLooked)+1, end) {
		if err != nil {
			return nil, err
		}
		requests = append(requests, m)
	}
	for _, m := range slices.Backward(requests) {
		w, err := look(ctx, &verdicts{bus: b}, m)
		if err != nil {
			return nil, err
		}
		if w.State == stateRunning {
			list = append(list, w)
		}
		if len(list) == most {
			break
		}
	}
	return list, nil
}

// whichRuns is the error for a command that was not told which window, and does not guess.
func whichRuns(ctx context.Context, b *bus.Bus, flag string) error {
	list, err := running(ctx, b, maxRunning)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%s is missing, and no window runs here: `ers list` shows what they came to", flag)
	}
	var names []string
	for _, w := range slices.Backward(list) {
		names = append(names, fmt.Sprintf("%d of %s", w.Window, w.Pipeline))
	}
	return fmt.Errorf("%s is missing: say which one, of those that run: %s", flag, strings.Join(names, ", "))
}

// lastRunning is the last window that runs, or where none does the last one, and says
// which one it is.
func lastRunning(ctx context.Context, io *streams, b *bus.Bus) (uint64, error) {
	list, err := running(ctx, b, 1)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return new(ofPipeline).last(ctx, io, b)
	}
	fmt.Fprintf(io.err, "%s: the last window that runs is %d of %s\n", io.name(), list[0].Window, list[0].Pipeline)
	return list[0].Window, nil
}
