package feed

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/client"
)

// A feed that is behind reads for some windows at once, and makes their documents,
// since small windows cost it little but waiting for answers. Nothing is appended here,
// and nothing that is found is relied on: what goes wrong, or is large, is left to be
// done when it is the window's turn.
const (
	maxAhead      = 8        // windows
	maxAheadTicks = 32       // of a run
	maxAheadBytes = 64 << 10 // of a run's documents
)

// lookAhead does so for windows that are yet to be shown.
func lookAhead(ctx context.Context, held []*show) {
	var group errgroup.Group
	for _, s := range held {
		group.Go(func() error {
			if s.bad != nil {
				return nil
			}
			if there, err := Shown(ctx, s.Bus, s.v.Key()); there || err != nil {
				return nil
			}
			s.absent = true
			for _, r := range s.runs {
				r.lookAhead(ctx)
			}
			return nil
		})
	}
	_ = group.Wait()
}

// lookAhead makes the documents of a short run.
func (r *runFeed) lookAhead(ctx context.Context) {
	if r.run.End-r.run.Next > maxAheadTicks || r.locate(ctx) != nil {
		return
	}
	var made [][]byte
	size := 0
	err := r.documents(ctx, func(_ *client.Tick, data []byte) error {
		made = append(made, data)
		if size += len(data); size > maxAheadBytes {
			return errTooLarge
		}
		return nil
	})
	if err == nil {
		r.made = made
	}
}

var errTooLarge = errors.New("too large to be read ahead")
