package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats-server/v2/server/archive"

	"abraxas.dev/ers/pkg/bus"
)

// A Store is a store that is being written stream by stream, each message with the sequence,
// time and headers that it has elsewhere. It is a restore, as of a backup that NATS makes of
// a stream, and what is between the messages is as if it had been purged.
type Store struct {
	dir    string
	server *Server
}

// maxStored is the most bytes that the server lets a message have: what another server took
// is taken.
const maxStored = 64 << 20

// NewStore begins a store in an empty folder.
func NewStore(c Config) (*Store, error) {
	c.maxPayload = maxStored
	s, err := Start(c)
	if err != nil {
		return nil, err
	}
	return &Store{c.StoreDir, s}, nil
}

// Stream makes one of the streams of ERS, with these messages, in ascending order, and last
// as its last sequence.
func (s *Store) Stream(name string, last uint64, messages iter.Seq2[bus.Message, error]) error {
	config, err := bus.StreamConfig(name)
	if err != nil {
		return err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	restored := new(server.StreamConfig)
	if err := json.Unmarshal(text, restored); err != nil {
		return err
	}
	read, write := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := writeBackup(write, last, messages)
		_ = write.CloseWithError(err) // it has none
		written <- err
	}()
	_, err = s.server.GlobalAccount().RestoreStreamV2(restored, read)
	_ = read.CloseWithError(io.ErrClosedPipe)
	if cause := <-written; cause != nil && !errors.Is(cause, io.ErrClosedPipe) {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("write stream %s in %s: %w", name, s.dir, tooFull(s.dir, err))
	}
	return nil
}

// tooFull says in plain words that the disk of a folder has no room. The server takes no more than three
// quarters of what was free when it was started.
func tooFull(dir string, err error) error {
	api, ok := errors.AsType[*server.ApiError](err)
	if !errors.Is(err, syscall.ENOSPC) && !(ok && api.ErrCode == uint16(server.JSInsufficientResourcesErr)) && !(ok && api.ErrCode == uint16(server.JSStorageResourcesExceededErr)) {
		return err
	}
	left := ""
	if free, known := freeSpace(dir); known {
		left = fmt.Sprintf(", which has %s left", size(int64(free)))
	}
	return fmt.Errorf("%w: no more than three quarters of the free disk are taken%s: make room there, or name a folder on another disk", err, left)
}

// writeBackup writes messages as the server writes a backup of a stream.
func writeBackup(out io.Writer, last uint64, messages iter.Seq2[bus.Message, error]) error {
	packed := s2.NewWriter(out)
	w := &backup{archive.NewWriter(packed)}
	begun := false
	begin := func(first uint64) error {
		begun = true
		state, err := json.Marshal(server.StreamState{FirstSeq: first, LastSeq: last})
		if err != nil {
			return err
		}
		return w.entry(archive.Header{Name: "state.json"}, nil, state)
	}
	var header []byte
	for m, err := range messages {
		if err == nil && !begun {
			err = begin(m.Seq)
		}
		if err == nil {
			header = bus.AppendHeader(header[:0], m.Header)
			err = w.entry(archive.Header{Name: m.Subject, Timestamp: m.At, Sequence: m.Seq}, header, m.Data)
		}
		if err != nil {
			return err
		}
	}
	if !begun {
		first := last + 1
		if last == 0 {
			first = 0
		}
		if err := begin(first); err != nil {
			return err
		}
	}
	if err := w.entry(archive.Header{}, nil, nil); err != nil {
		return err
	}
	return errors.Join(w.Close(), packed.Close())
}

type backup struct{ *archive.Writer }

func (w *backup) entry(h archive.Header, header, data []byte) error {
	h.HeaderSize, h.PayloadSize = int64(len(header)), int64(len(data))
	if err := w.WriteHeader(&h); err != nil {
		return err
	}
	for _, part := range [][]byte{header, data} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the store, with all of it on the disk.
func (s *Store) Close() error {
	if err := s.server.Stop(); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dir, lockName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path, e.IsDir())
	})
}

// SyncFolder makes sure that what a folder lists is on the disk.
func SyncFolder(path string) error { return syncPath(path, true) }

// syncPath makes sure that a file, or what a folder lists, is on the disk. Not every system
// lets a folder be synced, or needs it.
func syncPath(path string, folder bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !folder {
		return err
	}
	return nil
}
