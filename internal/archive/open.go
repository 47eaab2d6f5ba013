package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Archive is an archive that is open for reading.
type Archive struct {
	events.Archive
	SHA256 string // of its manifest
	bus    *bus.Bus
	of     map[name]*events.ArchivedWindow
}

// ReadManifest reads the manifest of a store; nil: it has none, and is no archive.
func ReadManifest(dir string) (m *events.Archive, sha string, err error) {
	data, err := ManifestText(dir)
	if data == nil {
		return nil, "", err
	}
	m = new(events.Archive)
	if err = events.Decode(data, m); err == nil {
		var again []byte
		if again, err = events.Encode(m); err == nil && !bytes.Equal(again, data) {
			err = errors.New("its JSON is not canonical")
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w; %s", filepath.Join(dir, events.ArchiveName), err, anotherCopy)
	}
	return m, canon.Sum(data).String(), nil
}

// ManifestText reads the manifest of a store as it is; nil: it has none, and is no archive.
func ManifestText(dir string) ([]byte, error) {
	file := filepath.Join(dir, events.ArchiveName)
	data, err := userfile.Read(file, maxManifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the manifest of the archive, %s: %w", file, err)
	}
	return data, nil
}

// maxManifest is far above what any manifest has, in bytes.
const maxManifest = 4 << 30

// anotherCopy is what to do about an archive that is damaged.
const anotherCopy = "take another copy of the archive or, as long as its windows are on the server, make another one with `ers archive`"

// refuseLinks makes sure that an archive has its files itself. What a link leads to is not kept with it.
func refuseLinks(dir string) error {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type()&fs.ModeSymlink != 0 {
			err = fmt.Errorf("%s is a link: nothing is freed by an archive that has its files elsewhere; copy what it leads to (cp -rL does)", path)
		}
		return err
	})
}

// Open opens an archive on a copy, as every kept store is read.
func Open(ctx context.Context, c embedded.Config, progress func(done, total int64)) (*Archive, error) {
	m, sha, err := ReadManifest(c.StoreDir)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("%s is no archive: it has no %s; `ers archive` makes one", c.StoreDir, events.ArchiveName)
	}
	if err := refuseLinks(c.StoreDir); err != nil {
		return nil, err
	}
	b, err := embedded.OpenCopy(ctx, c, progress)
	if err != nil {
		return nil, err
	}
	a := &Archive{Archive: *m, SHA256: sha, bus: b, of: make(map[name]*events.ArchivedWindow)}
	for i := range a.Windows {
		w := &a.Windows[i]
		a.of[name{w.Pipeline, w.Window}] = w
	}
	return a, nil
}

// Close ends reading.
func (a *Archive) Close() error { return a.bus.Close() }
