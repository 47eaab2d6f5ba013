package canon

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// ListHash is the SHA-256 of the canonical object {"key":[e1,e2,…]}, made element
// by element. It can be stopped at any point and continued elsewhere: see
// [ListHash.AppendBinary]. Make one with [NewListHash]. It must not be copied, nor
// used by several goroutines at once.
type ListHash struct {
	sha    resumable
	key    string
	prefix []byte // {"key":[
	count  int64

	state []byte // scratch of Sum
	sum   []byte // scratch of Sum
}

// resumable is what the hashes of package crypto/sha256 promise to be.
type resumable interface {
	hash.Cloner
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// NewListHash returns the hash of {"key":[]}. The key must be UTF-8, or it panics.
func NewListHash(key string) *ListHash {
	l := new(ListHash)
	if err := l.init(key); err != nil {
		panic("canon: NewListHash: " + err.Error())
	}
	return l
}

func (l *ListHash) init(key string) error {
	prefix, err := AppendString([]byte{'{'}, key)
	if err != nil {
		return err
	}
	*l = ListHash{sha: sha256.New().(resumable), key: key, prefix: append(prefix, ':', '[')}
	l.Reset()
	return nil
}

// Reset takes all elements away.
func (l *ListHash) Reset() {
	l.sha.Reset()
	l.sha.Write(l.prefix)
	l.count = 0
}

// Clone returns another hash of the elements so far.
func (l *ListHash) Clone() *ListHash {
	sha, err := l.sha.Clone()
	if err != nil {
		panic("canon: SHA-256 cannot be cloned: " + err.Error())
	}
	return &ListHash{sha: sha.(resumable), key: l.key, prefix: l.prefix, count: l.count}
}

// Count returns the number of elements.
func (l *ListHash) Count() int64 { return l.count }

// Add appends an element, given by its canonical bytes.
func (l *ListHash) Add(element []byte) { l.AddJoined(element, 1) }

// AddJoined appends n elements, given by their canonical bytes with a comma between
// each two. It panics when one of n and elements is nothing and the other is not.
func (l *ListHash) AddJoined(elements []byte, n int) {
	if n < 0 || (n == 0) != (len(elements) == 0) {
		panic(fmt.Sprintf("canon: ListHash.AddJoined: %d elements in %d bytes", n, len(elements)))
	}
	if n == 0 {
		return
	}
	if l.count > 0 {
		l.sha.Write(comma)
	}
	l.sha.Write(elements)
	l.count += int64(n)
}

var comma, listEnd = []byte{','}, []byte("]}")

// Sum returns the hash of the elements so far. More can be added afterwards.
func (l *ListHash) Sum() Hash {
	l.state, _ = l.sha.AppendBinary(l.state[:0])
	l.sha.Write(listEnd)
	l.sum = l.sha.Sum(l.sum[:0])
	if err := l.sha.UnmarshalBinary(l.state); err != nil {
		panic("canon: SHA-256 does not take its own state back: " + err.Error())
	}
	return Hash(l.sum)
}

// The state of a ListHash is, one after the other:
//
//	stateMagic
//	the key: its length as a uvarint, its bytes
//	the count of elements: 8 bytes, big-endian
//	the state of the SHA-256 as package crypto/sha256 writes it, shaSize bytes
//	the first checkSize bytes of the SHA-256 of all of this
//
// There is one spelling of each state. The check finds damage, not forgery.
const (
	stateMagic = "ers-list-hash/1\n"
	shaSize    = 4 + sha256.Size + sha256.BlockSize + 8
	checkSize  = 8
)

// AppendBinary appends the state, for [ListHash.UnmarshalBinary] to continue from.
// The error is always nil.
func (l *ListHash) AppendBinary(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, stateMagic...)
	b = binary.AppendUvarint(b, uint64(len(l.key)))
	b = append(b, l.key...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.count))
	b, err := l.sha.AppendBinary(b)
	if err != nil {
		return b[:start], fmt.Errorf("state of the SHA-256: %w", err)
	}
	check := Sum(b[start:])
	return append(b, check[:checkSize]...), nil
}

// UnmarshalBinary continues from a state, which must be of the same key, unless l
// is the zero ListHash. What is no such state is an error, and l stays as it was.
func (l *ListHash) UnmarshalBinary(state []byte) error {
	var n ListHash
	if err := n.unmarshal(state); err != nil {
		return fmt.Errorf("state of a list hash: %w", err)
	}
	if l.sha != nil && l.key != n.key {
		return fmt.Errorf("state of a list hash: it is of %q, want %q", n.key, l.key)
	}
	*l = n
	return nil
}

func (l *ListHash) unmarshal(state []byte) error {
	rest, ok := bytes.CutPrefix(state, []byte(stateMagic))
	if !ok {
		return fmt.Errorf("it does not begin with %q", stateMagic)
	}
	size, n := binary.Uvarint(rest)
	if n <= 0 || uint64(len(rest)-n) < size || len(rest)-n-int(size) != 8+shaSize+checkSize {
		return fmt.Errorf("%d bytes are not its length", len(state))
	}
	if err := l.init(string(rest[n : n+int(size)])); err != nil {
		return fmt.Errorf("its key: %w", err)
	}
	rest = rest[n+int(size):]
	l.count = int64(binary.BigEndian.Uint64(rest))
	if err := l.sha.UnmarshalBinary(rest[8 : 8+shaSize]); err != nil {
		return err
	}
	hashed := binary.BigEndian.Uint64(rest[8+shaSize-8:])
	return l.checkState(state, hashed)
}

// checkState tells whether l, which was read from a state that says how many bytes
// were hashed, could have got there, and has that state.
func (l *ListHash) checkState(state []byte, hashed uint64) error {
	again, err := l.AppendBinary(nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, state) {
		return errors.New("it is damaged: its check does not match")
	}
	list := hashed - uint64(len(l.prefix)) // n elements take at least 2n-1 bytes
	if l.count < 0 || (l.count == 0) != (list == 0) || hashed < uint64(len(l.prefix)) || uint64(l.count) > (list+1)/2 {
		return fmt.Errorf("%d elements cannot be in %d hashed bytes", l.count, hashed)
	}
	return nil
}
