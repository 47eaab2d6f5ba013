package canon

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"testing"
)

// eventMap is an event as a map, and eventText its canonical form.
var eventMap = map[string]any{
	"tick": 12, "task": "oracle:signal", "lane": "forecast", "status": "ok",
	"cost_ops": 10, "cost_entropy": 0, "meta": map[string]any{"tags": []string{"signal"}},
}

const eventText = `{"cost_entropy":0,"cost_ops":10,"lane":"forecast","meta":{"tags":["signal"]},"status":"ok","task":"oracle:signal","tick":12}`

// appendEvent writes an event as a caller does that knows its fields.
func appendEvent(dst []byte, tick, ops, entropy int64, task, lane, status string, meta Value) []byte {
	dst = append(dst, `{"cost_entropy":`...)
	dst = strconv.AppendInt(dst, entropy, 10)
	dst = append(dst, `,"cost_ops":`...)
	dst = strconv.AppendInt(dst, ops, 10)
	dst = append(dst, `,"lane":"`...)
	dst = append(dst, lane...)
	dst = append(dst, `","meta":`...)
	dst = append(dst, meta...)
	dst = append(dst, `,"status":"`...)
	dst = append(dst, status...)
	dst = append(dst, `","task":`...)
	dst, _ = AppendString(dst, task)
	dst = append(dst, `,"tick":`...)
	dst = strconv.AppendInt(dst, tick, 10)
	return append(dst, '}')
}

func BenchmarkAppendEventFields(b *testing.B) {
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = appendEvent(dst[:0], 12, 10, 0, "oracle:signal", "forecast", "ok", `{"tags":["signal"]}`)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkAppendEventMap(b *testing.B) {
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst, _ = Append(dst[:0], eventMap)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Of(eventMap)
	}
}

func BenchmarkAppendString(b *testing.B) {
	for _, s := range []struct{ name, text string }{
		{"short", "oracle:signal"},
		{"long", "Nothing in this sentence needs an escape, so that it is copied in one piece."},
		{"escapes", "first\n\"second\"\n\tthird\n"},
		{"greek", "ἐν ἀρχῇ ἦν ὁ λόγος"},
	} {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(s.text)))
			var dst []byte
			for b.Loop() {
				dst, _ = AppendString(dst[:0], s.text)
			}
		})
	}
}

func BenchmarkAppendFloat(b *testing.B) {
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = AppendFloat(dst[:0], 0.30000000000000004)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []struct{ name, json string }{
		{"canonical", eventText},
		{"spaced", `{"tick": 12, "task": "oracle:signal", "lane": "forecast", "status": "ok", "cost_ops": 10, "cost_entropy": 0, "meta": {"tags": ["signal"]}}`},
		{"floats", `[0.1, 1.5, 3.141592653589793, 1e-7, 1234567.125]`},
	} {
		b.Run(text.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text.json)))
			in := []byte(text.json)
			for b.Loop() {
				if _, err := Parse(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScanner(b *testing.B) {
	b.ReportAllocs()
	text := bytes.Repeat([]byte(eventText+"\n"), 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		sc := NewScanner(text)
		for sc.Next() {
		}
		if sc.Err() != nil {
			b.Fatal(sc.Err())
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Value(eventText).Decode(); err != nil {
			b.Fatal(err)
		}
	}
}

// The hashes of 1000 events: element by element, in joined runs of ten, and of all
// their bytes at once, which nothing can be faster than.
func BenchmarkListHash(b *testing.B) {
	const n = 1000
	one := []byte(eventText)
	ten := bytes.Join(slicesRepeat(one, 10), comma)
	all := bytes.Join(slicesRepeat(one, n), comma)
	list := NewListHash("events")
	run := func(name string, hash func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(all)))
			for b.Loop() {
				hash()
			}
		})
	}
	run("Add", func() {
		list.Reset()
		for range n {
			list.Add(one)
		}
		list.Sum()
	})
	run("AddJoined", func() {
		list.Reset()
		for range n / 10 {
			list.AddJoined(ten, 10)
		}
		list.Sum()
	})
	run("sha256", func() { sha256.Sum256(all) })
	run("Sum", func() { list.Sum() })
}

func slicesRepeat(b []byte, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = b
	}
	return list
}
