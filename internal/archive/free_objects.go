package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// freeObjects frees the objects that windows of this archive name and nothing that stays on
// the server does. As long as a window runs none is: what a run is about to name may be
// one of them, and only when it is named can it be seen.
func (p *pruner) freeObjects() error {
	ours := p.objects()
	refs, err := newReferences(p.ctx, p.bus)
	if err != nil {
		return err
	}
	if err := p.putBack(refs, ours, make(map[string]uint64)); err != nil {
		return err
	}
	candidates := maps.Clone(ours)
	maps.DeleteFunc(candidates, func(sha string, _ bool) bool { return !refs.names[sha] })
	if len(candidates) == 0 {
		return nil
	}
	running, err := p.running()
	if err != nil {
		return err
	}
	if running > 0 {
		p.report.Waiting = fmt.Sprintf("window %d has no verdict yet: the objects that may be free stay; prune again when it has", running)
		return nil
	}
	seen := make(map[string]uint64) // how far the streams were looked at
	used := make(map[string]bool)
	if err := p.scan(refs, seen, used); err != nil {
		return err
	}
	if err := refs.all(p.ctx, used); err != nil {
		return fmt.Errorf("objects that windows on the server name, of which none may be missing when others are freed: %w", err)
	}
	for _, sha := range slices.Sorted(maps.Keys(candidates)) {
		if used[sha] {
			continue
		}
		if err := p.step("object " + sha); err != nil {
			return err
		}
		if err := p.bus.FreeObject(p.ctx, sha); err != nil {
			return err
		}
		delete(refs.names, sha)
		p.report.Objects++
	}
	return p.putBack(refs, ours, seen)
}

// objects are those that the windows name which are freed by this archive.
func (p *pruner) objects() map[string]bool {
	ours := make(map[string]bool)
	for i := range p.archive.Windows {
		w := &p.archive.Windows[i]
		if t := p.gone[w.Window]; t == nil || t.ArchiveSHA256 != p.archive.SHA256 {
			continue
		}
		for _, sha := range w.Objects {
			ours[sha] = true
		}
	}
	return ours
}

// running is a window without verdict, 0 for none.
func (p *pruner) running() (uint64, error) {
	for m, err := range p.bus.Read(p.ctx, events.StreamWindow, events.WindowSubject("*", "*"), 1, 0) {
		if err != nil {
			return 0, err
		}
		r, key, err := events.ReadRequest(m)
		if err != nil || p.gone[m.Seq] != nil {
			continue // what cannot be read is never run
		}
		_, err = p.bus.Last(p.ctx, events.StreamVerdict, events.VerdictGuard(r.Pipeline, key.Window))
		if errors.Is(err, bus.ErrNotFound) {
			return m.Seq, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// scan adds the objects that messages name which are of no pruned window, and notes how far
// it has looked.
func (p *pruner) scan(refs *references, seen map[string]uint64, used map[string]bool) error {
	for _, stream := range events.ArchivedStreams {
		for m, err := range p.bus.Read(p.ctx, stream, "", seen[stream]+1, 0) {
			if err != nil {
				return err
			}
			seen[stream] = m.Seq
			if n, ok := windowOf(&m); ok && p.gone[n.window] != nil && p.gone[n.window].Pipeline == n.pipeline {
				continue
			}
			refs.scan(m.Data, func(sha string) { used[sha] = true })
		}
	}
	return nil
}

// putBack puts back from the archive what is not on the server any more and a window there names, or an
// object that it names: it was asked for while the object was still there, behind the messages that
// were seen. A prune that was interrupted before it came to that leaves it to the next.
func (p *pruner) putBack(refs *references, ours map[string]bool, seen map[string]uint64) error {
	isHere := func(sha string, _ bool) bool { return refs.names[sha] }
	lost := maps.Clone(ours)
	if maps.DeleteFunc(lost, isHere); len(lost) == 0 {
		return nil
	}
	archived := &references{bus: p.archive.bus, names: ours, in: make(map[string][]string)}
	used := make(map[string]bool)
	if err := p.scan(archived, seen, used); err != nil {
		return err
	}
	if err := archived.all(p.ctx, used); err != nil {
		return err
	}
	maps.DeleteFunc(used, isHere)
	for _, sha := range slices.Sorted(maps.Keys(used)) {
		if err := p.step("put back " + sha); err != nil {
			return err
		}
		if err := copyObject(p.ctx, p.bus, p.archive.bus, sha); err != nil {
			return fmt.Errorf("put object %s back, which a window on the server needs: %w; prune again, which puts it back", sha, err)
		}
		refs.names[sha] = true
		p.report.Objects = max(0, p.report.Objects-1)
	}
	return nil
}

func copyObject(ctx context.Context, to, from *bus.Bus, sha string) error {
	o, err := from.OpenObject(ctx, sha)
	if err != nil {
		return err
	}
	size, err := io.Copy(io.Discard, o)
	if err = errors.Join(err, o.Close()); err != nil {
		return err
	}
	return to.PutObjectFrom(ctx, sha, size, func() (io.ReadCloser, error) { return from.OpenObject(ctx, sha) })
}
