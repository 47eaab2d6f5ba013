package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// domain begins the hash over messages, so that it is no other hash of ours.
const domain = "ers-archive/1\n"

// sum adds up what a stream has of a window.
//
// The hash is the SHA-256 of the domain and then, for each message in order: its sequence and
// its time in nanoseconds, and subject, headers and data each behind its length; all numbers
// in 8 bytes, the most significant first.
type sum struct {
	part events.Part
	hash hash.Hash
	buf  []byte
}

func newSum(stream string) *sum {
	s := &sum{part: events.Part{Stream: stream}, hash: sha256.New()}
	s.hash.Write([]byte(domain))
	return s
}

func (s *sum) add(m *bus.Message) {
	if s.part.Messages++; s.part.First == 0 {
		s.part.First = m.Seq
	}
	s.part.Last = m.Seq
	s.buf = appendMessage(s.buf[:0], m)
	s.hash.Write(s.buf)
}

// end is the part with its hash.
func (s *sum) end() events.Part {
	s.part.SHA256 = hex.EncodeToString(s.hash.Sum(nil))
	return s.part
}

// appendMessage appends all that a message is.
func appendMessage(dst []byte, m *bus.Message) []byte {
	dst = binary.BigEndian.AppendUint64(dst, m.Seq)
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.At))
	for _, field := range [][]byte{[]byte(m.Subject), bus.AppendHeader(nil, m.Header), m.Data} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(field)))
		dst = append(dst, field...)
	}
	return dst
}

// sums are those of some windows in one stream.
type sums struct {
	stream string
	of     map[name]*sum
	voids  *sum
}

func newSums(stream string) *sums { return &sums{stream, make(map[name]*sum), newSum(stream)} }

func (s *sums) add(n name, m *bus.Message) {
	of := s.of[n]
	if of == nil {
		of = newSum(s.stream)
		s.of[n] = of
	}
	of.add(m)
}

// part is what the stream has of a window.
func (s *sums) part(n name) events.Part {
	if of := s.of[n]; of != nil {
		return of.end()
	}
	return newSum(s.stream).end()
}
