package bus_test

import (
	"errors"
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// items makes n items on each of some runs' subjects, in turns.
func items(runs, n int) (list []bus.Item) {
	for i := range n {
		for run := range runs {
			list = append(list, bus.Item{Subject: events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: run}), Data: fmt.Appendf(nil, "%d.%d", run, i)})
		}
	}
	return list
}

// wantItems checks that the stream holds exactly these items, in order.
func wantItems(t *testing.T, b *bus.Bus, want []bus.Item) {
	t.Helper()
	i := 0
	for m, err := range b.Read(t.Context(), events.StreamTrace, "", 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if i == len(want) || m.Subject != want[i].Subject || string(m.Data) != string(want[i].Data) || m.Seq != want[i].Seq {
			t.Fatalf("message %d: %s %q at %d; of %d: %+v", i, m.Subject, m.Data, m.Seq, len(want), want[min(i, len(want)-1)])
		}
		i++
	}
	if i != len(want) {
		t.Fatalf("%d messages, want %d", i, len(want))
	}
}

func TestAppendAll(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	all := items(3, 700) // more than one batch
	b.AppendAll(t.Context(), all[:1])
	all[1].Last, all[2].Last, all[3].Last = 0, 0, all[0].Seq
	b.AppendAll(t.Context(), all[1:])
	for i, item := range all {
		if item.Err != nil || item.Seq != uint64(i+1) {
			t.Fatalf("item %d: %d, %v", i, item.Seq, item.Err)
		}
	}
	wantItems(t, b, all)
}

// A subject that another has written to keeps its own items out and no others.
func TestAppendAllConflict(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	all := items(3, 4)
	other := bus.Item{Subject: all[1].Subject, Data: []byte("first")}
	if other.Seq, other.Err = b.Append(t.Context(), other.Subject, 0, other.Data); other.Err != nil {
		t.Fatal(other.Err)
	}
	b.AppendAll(t.Context(), all)
	want := []bus.Item{other}
	for i, item := range all {
		switch {
		case item.Subject == other.Subject:
			if !errors.Is(item.Err, bus.ErrConflict) {
				t.Errorf("item %d: %v, want a conflict", i, item.Err)
			}
		case item.Err != nil:
			t.Errorf("item %d: %v", i, item.Err)
		default:
			want = append(want, item)
		}
	}
	wantItems(t, b, want)
}

// A batch whose commit is lost on its way, or whose acknowledgement is lost on the
// way back, ends with each item once in the stream.
func TestAppendAllLost(t *testing.T) {
	t.Parallel()
	for direction, text := range map[bustest.Direction]string{bustest.ToServer: "Nats-Batch-Commit", bustest.ToClient: `"batch":`} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			server := bustest.NewServer(t)
			proxy := bustest.NewProxy(t, server.URL())
			b := bustest.Connect(t, proxy.URL())
			all := items(3, 5)
			proxy.CutAt(direction, text)
			b.AppendAll(t.Context(), all)
			if !proxy.Sprung(direction) {
				t.Fatal("nothing was cut")
			}
			for i, item := range all {
				if item.Err != nil {
					t.Errorf("item %d: %v", i, item.Err)
				}
			}
			wantItems(t, bustest.Connect(t, server.URL()), all)
		})
	}
}

func BenchmarkAppendAll(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		for _, always := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/sync=%v", n, always), func(b *testing.B) {
				bb := bustest.Open(b, func(c *embedded.Config) { c.SyncAlways = always })
				all := items(12, (n+11)/12)[:n]
				payload := make([]byte, 4000)
				last := make(map[string]uint64)
				b.ReportAllocs()
				for b.Loop() {
					for i := range all {
						all[i].Data, all[i].Last = payload, last[all[i].Subject]
					}
					bb.AppendAll(b.Context(), all)
					for i := range all {
						if all[i].Err != nil {
							b.Fatal(all[i].Err)
						}
						last[all[i].Subject] = all[i].Seq
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			})
		}
	}
}
