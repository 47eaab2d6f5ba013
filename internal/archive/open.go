package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	file := filepath.Join(dir, events.ArchiveName)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
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
		return nil, "", fmt.Errorf("%s: %w", file, err)
	}
	return m, canon.Sum(data).String(), nil
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
