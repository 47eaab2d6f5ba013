package canon

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A ListHash is the hash of the bytes that it stands for, however the elements came
// and however often it was stopped and continued.
func TestListHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := anyString().Draw(t, "key")
		list, all := NewListHash(key), []any{}
		if rapid.Bool().Draw(t, "used before") {
			list.Add([]byte("1"))
			list.Reset()
		}
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			part := rapid.SliceOfN(anyValue(1), 0, 5).Draw(t, "part")
			all = append(all, part...)
			joined := twin(part)
			list.AddJoined([]byte(joined[1:len(joined)-1]), len(part))
			want := Sum([]byte(twin(map[string]any{key: all})))
			if got := list.Sum(); got != want || list.Count() != int64(len(all)) {
				t.Fatalf("%d elements: hash %s, count %d; want %s, %d", len(all), got, list.Count(), want, len(all))
			}
			switch rapid.SampledFrom([]string{"go on", "stop", "clone"}).Draw(t, "then") {
			case "stop":
				list = continued(t, list)
			case "clone": // and what happens to the original does not matter to it
				other := list
				list = list.Clone()
				other.Add([]byte("0"))
			}
		}
	})
}

// continued carries the state of a list over to another one.
func continued(t *rapid.T, list *ListHash) *ListHash {
	state, err := list.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	next := new(ListHash)
	if rapid.Bool().Draw(t, "the key is known") {
		next = NewListHash(list.key)
		next.Add([]byte("0"))
	}
	if err := next.UnmarshalBinary(bytes.TrimPrefix(state, []byte("before"))); err != nil {
		t.Fatal(err)
	}
	return next
}

func listState(t testing.TB, l *ListHash) []byte {
	state, err := l.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestListHashRefusesGarbage(t *testing.T) {
	list := NewListHash("events")
	list.Add([]byte("1"))
	state, want := listState(t, list), list.Sum()

	refuse := func(what string, bad []byte) {
		t.Helper()
		l := NewListHash("events")
		l.Add([]byte("1"))
		if err := l.UnmarshalBinary(bad); err == nil || !strings.HasPrefix(err.Error(), "state of a list hash: ") {
			t.Errorf("%s: error %v", what, err)
		}
		if l.Sum() != want || l.Count() != 1 {
			t.Errorf("%s: the list has changed", what)
		}
	}
	for i := range state {
		refuse("cut off", state[:i])
		for bit := range 8 {
			bad := bytes.Clone(state)
			bad[i] ^= 1 << bit
			refuse("a changed bit", bad)
		}
	}
	refuse("too long", append(bytes.Clone(state), 0))
	refuse("another key", listState(t, NewListHash("results")))
	refuse("not UTF-8", resealed(state, len(stateMagic)+1, 0xff))

	count := len(stateMagic) + 1 + len("events") + 7
	refuse("no element in some bytes", resealed(state, count, 0))
	refuse("more elements than fit", resealed(state, count, 2))
	refuse("a negative count", resealed(state, count-7, 0x80))
	refuse("too few bytes for the key", resealed(state, len(state)-checkSize-1, 3))
	refuse("rubbish behind the last block", resealed(state, len(state)-checkSize-10, 1))
}

// resealed sets one byte of a state and makes its check right again.
func resealed(state []byte, i int, b byte) []byte {
	bad := bytes.Clone(state[:len(state)-checkSize])
	bad[i] = b
	check := Sum(bad)
	return append(bad, check[:checkSize]...)
}

func TestListHashMisuse(t *testing.T) {
	mustPanic := func(what string, f func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", what)
			}
		}()
		f()
	}
	list := NewListHash("events")
	mustPanic("an empty element", func() { list.Add(nil) })
	mustPanic("elements without a number", func() { list.AddJoined([]byte("1"), 0) })
	mustPanic("a negative number", func() { list.AddJoined([]byte("1"), -1) })
	mustPanic("a key that is not UTF-8", func() { NewListHash("\xff") })
	if list.Count() != 0 {
		t.Errorf("the count is %d", list.Count())
	}
}

// Sum allocates nothing either, but does under the race detector.
func TestAddAllocatesNothing(t *testing.T) {
	list := NewListHash("events")
	element, two := []byte(eventText), []byte("1,2")
	if n := testing.AllocsPerRun(100, func() {
		list.Reset()
		list.Add(element)
		list.AddJoined(two, 2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzListHashState(f *testing.F) {
	list := NewListHash("events")
	f.Add(listState(f, list))
	random := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		list.Add(binary.BigEndian.AppendUint64(nil, random.Uint64()))
		f.Add(listState(f, list))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		if len(state) <= checkSize {
			return
		}
		// Few inputs would get past the check: it is also made right.
		for _, s := range [][]byte{state, resealed(state, 0, state[0])} {
			var l ListHash
			if l.UnmarshalBinary(s) != nil {
				continue
			}
			if again := listState(t, &l); !bytes.Equal(again, s) {
				t.Fatalf("state %x is written back as %x", s, again)
			}
			l.Add([]byte("1"))
			l.Sum()
		}
	})
}
