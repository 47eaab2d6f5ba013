package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// ErrNone says that no window was there to be archived.
var ErrNone = errors.New("there is no window to archive: it takes one that has its verdict and is on the server whole; `ers list` shows what there is")

// Write makes an archive in a new folder: the windows that are wanted and whole, and its
// manifest. It says which of those that are wanted are left out, and why; with ErrNone, and
// where windows were named, nothing is written. progress, when set, is told how many of the
// messages were read.
//
// Commit point: the new name of the folder, in which all is on the disk by then. A crash
// before it leaves a folder beside it whose name begins with a point, which nobody reads, and
// which the next archive of that name removes.
func Write(ctx context.Context, b *bus.Bus, dir string, c Choice, progress func(done, total int64)) (m *events.Archive, out []LeftOut, err error) {
	if _, err := os.Lstat(dir); err == nil {
		return nil, nil, errThere(dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	w := &writer{ctx: ctx, bus: b, progress: progress, ends: make(map[string]uint64), of: make(map[name]*chosen), named: make(map[name]map[string]bool)}
	if err := w.readEnds(); err != nil {
		return nil, nil, err
	}
	list, out, err := choose(ctx, b, c, w.ends[events.StreamWindow])
	if err == nil && (len(list) == 0 || len(out) > 0 && len(c.Windows) > 0) {
		err = ErrNone
	}
	if err != nil {
		return nil, out, err
	}
	for _, one := range list {
		w.of[name{one.Pipeline, one.Window}] = one
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return nil, out, err
	}
	building, lock, err := newFolder(parent, "."+filepath.Base(dir)+".new-")
	if err != nil {
		return nil, out, fmt.Errorf("folder for the archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(building))
		}
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	if m, err = w.write(building, list); err != nil {
		return nil, out, err
	}
	if err := os.Rename(building, dir); errors.Is(err, fs.ErrExist) {
		return nil, out, errThere(dir) // somebody else was faster
	} else if err != nil {
		return nil, out, err
	}
	return m, out, embedded.SyncFolder(parent)
}

func errThere(dir string) error {
	return fmt.Errorf("%s is there already: an archive is written once; name a new folder", dir)
}

// newFolder makes a folder for an archive that is being made, and removes those that were left when
// others of the same name were interrupted. The lock, if there is any, tells others that it is in use.
func newFolder(parent, prefix string) (dir string, lock io.Closer, err error) {
	embedded.RemoveLeft(parent, prefix)
	if dir, err = os.MkdirTemp(parent, prefix); err != nil {
		return "", nil, err
	}
	lock, _ = embedded.LockFolder(dir)     // where a folder cannot be locked none is removed
	return dir, lock, os.Chmod(dir, 0o750) // as that of every store
}

// writer writes one archive.
type writer struct {
	ctx         context.Context
	bus         *bus.Bus
	progress    func(done, total int64)
	ends        map[string]uint64 // of the streams when it began
	done, total int64
	of          map[name]*chosen
	named       map[name]map[string]bool // objects
	refs        *references
	voids       events.Part
}

func (w *writer) readEnds() error {
	// What a message speaks of was there before it; see the audit.
	for _, stream := range append(slices.Clone(events.ArchivedStreams), bus.StreamObjects) {
		end, err := w.bus.LastSeq(w.ctx, stream)
		if err != nil && !errors.Is(err, bus.ErrNoStream) {
			return err
		}
		w.ends[stream] = end
		w.total += int64(end)
	}
	return nil
}

func (w *writer) write(dir string, list []*chosen) (*events.Archive, error) {
	var err error
	if w.refs, err = newReferences(w.ctx, w.bus); err != nil {
		return nil, err
	}
	store, err := embedded.NewStore(embedded.Config{StoreDir: dir})
	if err != nil {
		return nil, err
	}
	err = w.streams(store, list)
	if err == nil {
		err = w.objects(store, list)
	}
	if pruned := w.checkPruned(list); pruned != nil {
		err = pruned // which says why something was missing
	}
	if err = errors.Join(err, store.Close()); err != nil {
		return nil, err
	}
	m := &events.Archive{Schema: events.ArchiveSchema, Objects: w.ends[bus.StreamObjects], Voids: w.voids, Ends: events.Ends{
		Window: w.ends[events.StreamWindow], Trace: w.ends[events.StreamTrace], Digest: w.ends[events.StreamDigest],
		Verdict: w.ends[events.StreamVerdict], Viz: w.ends[events.StreamViz]}}
	for _, one := range list {
		m.Windows = append(m.Windows, one.ArchivedWindow)
	}
	return m, writeManifest(dir, m)
}

// checkPruned makes sure that nothing of the windows was freed while they were read. Whoever frees
// something appends a tombstone before.
func (w *writer) checkPruned(list []*chosen) error {
	for _, one := range list {
		tombstone, err := client.Archived(w.ctx, w.bus, one.Key())
		if err != nil {
			return fmt.Errorf("window %d: %w", one.Window, err)
		}
		if tombstone != nil {
			return fmt.Errorf("window %d was pruned while it was read, and is archived in %s: archive the others again", one.Window, tombstone.Archive)
		}
	}
	return nil
}

// streams writes what the streams have of the windows.
func (w *writer) streams(store *embedded.Store, list []*chosen) error {
	for _, stream := range events.ArchivedStreams {
		s := newSums(stream)
		if err := store.Stream(stream, w.ends[stream], w.pick(stream, func(m *bus.Message) bool { return w.take(s, m) })); err != nil {
			return err
		}
		for _, one := range list {
			one.Parts = append(one.Parts, s.part(name{one.Pipeline, one.Window}))
		}
		if stream == events.StreamWindow {
			w.voids = s.voids.end()
		}
	}
	return nil
}

// take tells whether a message goes into the archive, and notes what it is.
func (w *writer) take(s *sums, m *bus.Message) bool {
	if m.Subject == events.VoidSubject {
		s.voids.add(m) // an audit needs them all
		return true
	}
	n, ok := windowOf(m)
	if !ok || w.of[n] == nil || isTombstone(m) {
		return false
	}
	s.add(n, m)
	w.refs.scan(m.Data, func(sha string) { w.name(n, sha) })
	return true
}

func (w *writer) name(n name, sha string) {
	if w.named[n] == nil {
		w.named[n] = make(map[string]bool)
	}
	w.named[n][sha] = true
}

// pick yields the messages of a stream that are wanted.
func (w *writer) pick(stream string, want func(*bus.Message) bool) iter.Seq2[bus.Message, error] {
	return func(yield func(bus.Message, error) bool) {
		before := w.done
		defer func() { w.done = before + int64(w.ends[stream]) }()
		if w.ends[stream] == 0 {
			return
		}
		for m, err := range w.bus.ReadWhole(w.ctx, stream, 1, w.ends[stream]) {
			if w.done = before + int64(m.Seq); w.progress != nil && m.Seq%1024 == 0 {
				w.progress(w.done, w.total)
			}
			if err != nil || want(&m) {
				if !yield(m, err) {
					return
				}
			}
		}
	}
}

// objects writes the objects that the windows name, as they are laid out in the bucket.
func (w *writer) objects(store *embedded.Store, list []*chosen) error {
	wanted := make(map[string]bool) // subjects
	for _, one := range list {
		named := w.named[name{one.Pipeline, one.Window}]
		if err := w.refs.all(w.ctx, named); err != nil {
			return fmt.Errorf("window %d: %w", one.Window, err)
		}
		for _, sha := range []string{one.definition, one.contexts} {
			if !named[sha] {
				return fmt.Errorf("window %d: object %s, which its request names, is not in the bucket: put the files that it was made of there again, or leave the window out", one.Window, sha)
			}
		}
		one.Objects = slices.Sorted(maps.Keys(named))
		for _, sha := range one.Objects {
			subjects, err := w.bus.ObjectSubjects(w.ctx, sha)
			if err != nil {
				return err
			}
			for _, subject := range subjects {
				wanted[subject] = true
			}
		}
	}
	return store.Stream(bus.StreamObjects, w.ends[bus.StreamObjects], w.pick(bus.StreamObjects, func(m *bus.Message) bool { return wanted[m.Subject] }))
}

// writeManifest writes the manifest, and makes sure that it is on the disk.
func writeManifest(dir string, m *events.Archive) error {
	data, err := events.Encode(m)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, events.ArchiveName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close(), embedded.SyncFolder(dir))
}
