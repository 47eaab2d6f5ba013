package bus_test

import (
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/synadia-io/orbit.go/jetstreamext"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// BenchmarkOpen is what `ers check` pays for its server.
func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s, err := embedded.Open(b.Context(), embedded.Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppend is the rate of guarded appends: 12 runs, one frame of each in
// flight.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1000, 4000} {
		for _, sync := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/sync=%t", size, sync), func(b *testing.B) {
				s := bustest.Open(b, func(c *embedded.Config) { c.SyncAlways = sync })
				b.ReportAllocs()
				b.SetBytes(int64(size))
				b.ResetTimer()
				appendAll(b, s, b.N, size)
			})
		}
	}
}

// BenchmarkGroup is the same through a group, as the coordinator does it.
func BenchmarkGroup(b *testing.B) {
	for _, size := range []int{1000, 4000} {
		for _, always := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/sync=%t", size, always), func(b *testing.B) {
				const runs = 12
				s := bustest.Open(b, func(c *embedded.Config) { c.SyncAlways = always })
				g := s.NewGroup()
				data := make([]byte, size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				b.ResetTimer()
				var all sync.WaitGroup
				for run := range runs {
					w := g.Writer(events.TraceSubject(events.RunKey{Pipeline: "bench", Window: 1, Run: run}), 0)
					all.Go(func() {
						for i := run; i < b.N; i += runs {
							_ = w.Append(b.Context(), data) // Flush says what became of it
						}
						if _, err := w.Flush(); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
			})
		}
	}
}

// appendAll appends n frames, shared out among 12 runs.
func appendAll(tb testing.TB, s *bus.Bus, n, size int) {
	const runs = 12
	var wg sync.WaitGroup
	for run := range runs {
		wg.Go(func() {
			subject := events.TraceSubject(events.RunKey{Pipeline: "bench", Window: 1, Run: run})
			data := make([]byte, size)
			var last uint64
			for i := run; i < n; i += runs {
				var err error
				if last, err = s.Append(tb.Context(), subject, last, data); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkRead is the rate of Read and Follow over what is in the stream, by a consumer
// and by direct gets.
func BenchmarkRead(b *testing.B) {
	for name, prefix := range map[string]string{"consumer": "", "direct": auth.Viewer.Inbox()} {
		b.Run(name, func(b *testing.B) {
			s := bustest.Open(b, func(c *embedded.Config) { c.InboxPrefix = prefix })
			const size = 4000
			appendAll(b, s, b.N, size)
			b.ReportAllocs()
			b.SetBytes(size)
			b.ResetTimer()
			read := 0
			for _, err := range s.Read(b.Context(), events.StreamTrace, "", 1, 0) {
				if err != nil {
					b.Fatal(err)
				}
				read++
			}
			if read != b.N {
				b.Errorf("read %d of %d", read, b.N)
			}
		})
	}
}

// BenchmarkFollow is the time from an append to its message, on a stream that is quiet.
func BenchmarkFollow(b *testing.B) {
	for name, prefix := range map[string]string{"consumer": "", "direct": auth.Viewer.Inbox()} {
		b.Run(name, func(b *testing.B) {
			s := bustest.Open(b, func(c *embedded.Config) { c.InboxPrefix = prefix })
			seen := make(chan uint64)
			go func() {
				_ = s.Follow(b.Context(), events.StreamTrace, "", 1, func(m bus.Message) error { seen <- m.Seq; return nil })
			}()
			var last uint64
			for b.Loop() {
				var err error
				if last, err = s.Append(b.Context(), "ers.trace.bench.1.0", last, []byte("x")); err != nil {
					b.Fatal(err)
				}
				<-seen
			}
		})
	}
}

// BenchmarkReadFew reads the 5 messages of a short run: as Read does, with look-ups that
// the stream's leader answers, and with the one request of GetBatch, which any replica
// answers, so that it may miss the newest message.
func BenchmarkReadFew(b *testing.B) {
	s := bustest.Open(b)
	const frames, subject = 5, "ers.trace.bench.1.0"
	appendAll(b, s, 12*frames, 4000)
	read := func(messages iter.Seq2[int, error]) {
		found := 0
		for size, err := range messages {
			if err != nil || size != 4000 {
				b.Fatal(size, err)
			}
			found++
		}
		if found != frames {
			b.Fatalf("%d messages", found)
		}
	}
	b.Run("Read", func(b *testing.B) {
		for b.Loop() {
			read(func(yield func(int, error) bool) {
				for m, err := range s.Read(b.Context(), events.StreamTrace, subject, 1, 0) {
					if !yield(len(m.Data), err) {
						return
					}
				}
			})
		}
	})
	b.Run("GetBatch", func(b *testing.B) {
		for b.Loop() {
			batch, err := jetstreamext.GetBatch(b.Context(), s.JetStream(), events.StreamTrace, 8, jetstreamext.GetBatchSubject(subject))
			if err != nil {
				b.Fatal(err)
			}
			read(func(yield func(int, error) bool) {
				for m, err := range batch {
					if err != nil {
						yield(0, err)
						return
					}
					if !yield(len(m.Data), nil) {
						return
					}
				}
			})
		}
	})
}

// BenchmarkLast is one look-up.
func BenchmarkLast(b *testing.B) {
	s := bustest.Open(b)
	appendAll(b, s, 12, 4000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Last(b.Context(), events.StreamTrace, "ers.trace.bench.1.5"); err != nil {
			b.Fatal(err)
		}
	}
}
