package embedded

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/highwayhash"
)

// What a block file of the server is made of (server/filestore.go of nats-server 2.15): records,
// each with its length, its sequence, its time and the length of its subject, then the
// subject, the headers and the data, and a hash over all but the lengths.
const (
	recordHead = 22
	recordHash = highwayhash.Size64

	withHeaders = 1 << 31         // bit of the length
	marks       = uint64(3) << 62 // bits of the sequence: erased, or only a mark that one was
)

// defuse goes through a copy of a block file. The server believes the sequence of a record
// when it makes its index: a bit that flipped there may have it fill the memory with what lies
// between. A record whose hash is wrong gets the sequence that belongs there; it stays a
// record whose hash is wrong, which the server says when it is read. Of any other file
// nothing is changed.
func defuse(path string) error {
	var number uint32
	stream := filepath.Base(filepath.Dir(filepath.Dir(path)))
	if _, err := fmt.Sscanf(filepath.Base(path), "%d.blk", &number); err != nil || !strings.HasSuffix(path, ".blk") {
		return nil
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, number))
	hash, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := false
	last := before(data, hash)
	for record := range records(data) {
		seq := binary.LittleEndian.Uint64(record[4:])
		if hash.Reset(); isWhole(record, hash) {
			if seq&marks == 0 {
				last = seq
			}
			continue
		}
		if last++; seq == last {
			continue
		}
		changed = true
		binary.LittleEndian.PutUint64(record[4:], last)
		if hash.Reset(); isWhole(record, hash) { // that bit was all: it stays damaged nevertheless
			record[len(record)-1] ^= 1
		}
	}
	if !changed {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// before is the sequence before that of the first record.
func before(data []byte, hash *highwayhash.Digest64) uint64 {
	n := uint64(0)
	for record := range records(data) {
		n++
		hash.Reset()
		if seq := binary.LittleEndian.Uint64(record[4:]); seq&marks == 0 && seq >= n && isWhole(record, hash) {
			return seq - n
		}
	}
	return 0
}

// records walks over the records of a block, as far as their lengths can be true.
func records(data []byte) func(yield func(record []byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) >= recordHead+recordHash {
			size := uint64(binary.LittleEndian.Uint32(data) &^ withHeaders)
			if size < recordHead+recordHash || size > uint64(len(data)) || !yield(data[:size]) {
				return
			}
			data = data[size:]
		}
	}
}

// isWhole tells whether a record is what its hash was made of.
func isWhole(record []byte, hash *highwayhash.Digest64) bool {
	body := record[recordHead : len(record)-recordHash]
	subject, skip := int(binary.LittleEndian.Uint16(record[20:])), 0
	if binary.LittleEndian.Uint32(record)&withHeaders != 0 {
		skip = 4
	}
	if subject+skip > len(body) {
		return false
	}
	_, _ = hash.Write(record[4:20])
	_, _ = hash.Write(body[:subject])
	_, _ = hash.Write(body[subject+skip:])
	return string(hash.Sum(nil)) == string(record[len(record)-recordHash:])
}
