package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Bounds say which of the archived windows are freed, the oldest first; without any, all.
type Bounds struct {
	Before   time.Time // those that were judged before; zero: of any age
	MaxBytes int64     // as many as bring what the server keeps under so many bytes; 0: no matter
}

// Pruned is what was done.
type Pruned struct {
	Windows  []uint64 `json:"windows"`           // that are freed now
	Already  int      `json:"already"`           // that were freed before
	Kept     int      `json:"kept"`              // that the bounds let stay
	Objects  int      `json:"objects"`           // that are freed
	Waiting  string   `json:"waiting,omitempty"` // why objects that may be free are not freed yet
	Bytes    int64    `json:"bytes"`             // that the server keeps now
	OverSize bool     `json:"over_size"`         // that is more than MaxBytes
}

// pruner frees the windows of one archive.
type pruner struct {
	ctx     context.Context
	bus     *bus.Bus
	archive *Archive
	place   string
	bounds  Bounds
	gone    map[uint64]*events.Pruned // tombstones, by window
	report  *Pruned
	step    func(string) error // told of each step before it is made; for tests
}

// Prune frees on the server the windows that an archive holds, which is at place, for people.
// Nothing is freed unless the whole archive is what its manifest says and equals what the
// server has.
//
// Commit point: the tombstone of each window. A crash before it leaves the window as it is; one
// after it a window that is there in part, and to prune again frees the rest.
func Prune(ctx context.Context, b *bus.Bus, a *Archive, place string, bounds Bounds) (*Pruned, error) {
	return (&pruner{ctx: ctx, bus: b, archive: a, place: place, bounds: bounds, step: func(string) error { return nil }}).run()
}

func (p *pruner) run() (*Pruned, error) {
	p.report = &Pruned{Windows: []uint64{}}
	for _, stream := range events.PrunedStreams {
		if err := p.bus.MayFree(p.ctx, stream); err != nil {
			return nil, err
		}
	}
	if err := p.bus.CheckStanding(p.ctx); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := p.windows(); err != nil {
		return nil, err
	}
	if err := p.freeObjects(); err != nil {
		return nil, err
	}
	if err := p.measure(); err != nil {
		return nil, err
	}
	return p.report, nil
}

// check holds the archive against the server. What somebody else frees meanwhile is no difference, once
// the tombstones are read that came before.
func (p *pruner) check() (err error) {
	if p.gone, err = tombstones(p.ctx, p.bus); err != nil {
		return err
	}
	for {
		if err := p.step("check"); err != nil {
			return err
		}
		differs := p.archive.Check(p.ctx, p.bus, p.gone)
		if !errors.Is(differs, ErrDiffers) {
			return differs
		}
		before := len(p.gone)
		if p.gone, err = tombstones(p.ctx, p.bus); err != nil {
			return err
		}
		if len(p.gone) == before {
			return differs
		}
	}
}

// windows frees the windows, the oldest first.
func (p *pruner) windows() error {
	for i := range p.archive.Windows {
		w := &p.archive.Windows[i]
		before := p.gone[w.Window]
		switch {
		case before != nil && before.ArchiveSHA256 != p.archive.SHA256:
			p.report.Already++ // it is in another archive: prune with that one frees what is left
			continue
		case before != nil && !p.archive.isOf(before, w):
			return differs("the tombstone of window %d does not say what the archive has of it", w.Window)
		case before == nil:
			ripe, err := p.isRipe(w)
			if err != nil {
				return err
			}
			if !ripe {
				p.report.Kept++
				continue
			}
			if err := p.bury(w); err != nil {
				return err
			}
			p.report.Windows = append(p.report.Windows, w.Window)
		default:
			p.report.Already++
		}
		if err := p.free(w); err != nil {
			return err
		}
	}
	return nil
}

// isRipe tells whether the bounds let a window be freed.
func (p *pruner) isRipe(w *events.ArchivedWindow) (bool, error) {
	if p.bounds == (Bounds{}) {
		return true, nil
	}
	if !p.bounds.Before.IsZero() {
		m, err := p.bus.Get(p.ctx, events.StreamVerdict, w.VerdictSeq)
		if err != nil {
			return false, err
		}
		if time.Unix(0, m.At).Before(p.bounds.Before) {
			return true, nil
		}
	}
	if p.bounds.MaxBytes == 0 {
		return false, nil
	}
	err := p.measure()
	return p.report.OverSize, err
}

// measure asks how much the server keeps.
func (p *pruner) measure() error {
	streams, err := p.bus.Streams(p.ctx)
	if err != nil {
		return err
	}
	p.report.Bytes = 0
	for _, s := range streams {
		p.report.Bytes += int64(s.State.Bytes)
	}
	p.report.OverSize = p.bounds.MaxBytes > 0 && p.report.Bytes > p.bounds.MaxBytes
	return nil
}

// bury appends the tombstone of a window.
func (p *pruner) bury(w *events.ArchivedWindow) error {
	if err := p.step(fmt.Sprintf("tombstone %d", w.Window)); err != nil {
		return err
	}
	t := p.archive.tombstone(w, p.place)
	data, err := events.Encode(t)
	if err == nil {
		err = events.Decode(data, new(events.Pruned))
	}
	if err != nil {
		return fmt.Errorf("tombstone of window %d: %w", w.Window, err)
	}
	_, err = p.bus.Append(p.ctx, events.PrunedSubject(w.Pipeline, w.Window), 0, data)
	if errors.Is(err, bus.ErrConflict) {
		return fmt.Errorf("window %d: somebody else prunes it: prune again when that is done: %w", w.Window, err)
	}
	p.gone[w.Window] = t
	return err
}

// free frees what the streams have of a window. The frames go first: as long as a digest of a run
// is there, no hasher takes what is left of its frames for something new.
func (p *pruner) free(w *events.ArchivedWindow) error {
	filters := map[string][]string{
		events.StreamTrace:  {"ers.trace." + w.Key().Filter()},
		events.StreamDigest: {"ers.digest." + w.Key().Filter()},
		events.StreamViz:    {events.TrendPackFilter(w.Key()), events.StabilitySubject(w.Pipeline, w.Window)},
	}
	for _, part := range p.gone[w.Window].Parts {
		for _, filter := range filters[part.Stream] {
			if err := p.step("free " + filter); err != nil {
				return err
			}
			if err := p.bus.Free(p.ctx, part.Stream, filter, part.Last); err != nil {
				return fmt.Errorf("window %d: %w", w.Window, err)
			}
		}
	}
	return nil
}
