package audit

import (
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// list is the SHA-256 of {"key":[e1,e2,…]} as elements come.
type list struct {
	key string
	sha hash.Hash
	n   int64
}

func newList(key string) *list {
	l := &list{key: key, sha: sha256.New()}
	l.begin()
	return l
}

// begin makes the list empty.
func (l *list) begin() {
	l.sha.Reset()
	l.sha.Write([]byte(`{"` + l.key + `":[`))
	l.n = 0
}

var comma = []byte{','}

func (l *list) add(element []byte) {
	if l.n > 0 {
		l.sha.Write(comma)
	}
	l.sha.Write(element)
	l.n++
}

// mark is how far a list had come at some point.
type mark struct {
	key string
	sha [shaState]byte // the state of the hash
	n   int64
}

// shaState is the size of the state of a SHA-256: magic, hash, block and length.
const shaState = 4 + 32 + 64 + 8

func (l *list) mark() mark {
	m := mark{key: l.key, n: l.n}
	state, err := l.sha.(encoding.BinaryAppender).AppendBinary(m.sha[:0])
	if err != nil || len(state) != shaState {
		panic(fmt.Sprintf("audit: SHA-256 does not give its state: %d bytes, %v", len(state), err))
	}
	return m
}

// sum is the hash of the list if it ended here.
func (m mark) sum() string {
	sha := sha256.New()
	if err := sha.(encoding.BinaryUnmarshaler).UnmarshalBinary(m.sha[:]); err != nil {
		panic("audit: SHA-256 does not take its own state: " + err.Error())
	}
	sha.Write([]byte("]}"))
	return hex.EncodeToString(sha.Sum(nil))
}

// midstate is the list in a digest's state: magic, length and bytes of the key,
// count, state of the hash, and the first 8 bytes of the SHA-256 of all of that.
func (m mark) midstate() string {
	b := []byte("ers-list-hash/1\n")
	b = binary.AppendUvarint(b, uint64(len(m.key)))
	b = append(b, m.key...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.n))
	b = append(b, m.sha[:]...)
	check := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(append(b, check[:8]...))
}

// lists are what is hashed of a tick or a run: its events and its results, and those of
// its forecast lane.
type lists [4]*list

func newLists() lists {
	return lists{newList("events"), newList("results"), newList("events"), newList("results")}
}

// begin makes the lists empty.
func (l lists) begin() {
	for _, list := range l {
		list.begin()
	}
}

// sums are the hashes of the lists if they ended here. They can only begin anew then.
func (l lists) sums() (h hashes) {
	for i, to := range []*string{&h.Trace, &h.Result, &h.Forecast, &h.ForecastResult} {
		l[i].sha.Write([]byte("]}"))
		*to = hex.EncodeToString(l[i].sha.Sum(nil))
	}
	return h
}

// add adds an event and its result, given by their canonical bytes.
func (l lists) add(event, result []byte, forecast bool) {
	l[0].add(event)
	l[1].add(result)
	if forecast {
		l[2].add(event)
		l[3].add(result)
	}
}

func (l lists) marks() marks { return marks{l[0].mark(), l[1].mark(), l[2].mark(), l[3].mark()} }

type marks [4]mark

func (m marks) hashes() hashes { return hashes{m[0].sum(), m[1].sum(), m[2].sum(), m[3].sum()} }

func (m marks) state() string {
	return strings.Join([]string{m[0].midstate(), m[1].midstate(), m[2].midstate(), m[3].midstate()}, ".")
}
