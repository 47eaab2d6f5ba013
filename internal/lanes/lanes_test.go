package lanes

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// feed adds ticks to a picture, of which tasks says what each task comes to.
func feed(t testing.TB, p *Picture, ticks int64, tasks map[string]func(tick int64) events.Status) {
	t.Helper()
	var encoder events.FrameEncoder
	var decoder events.FrameDecoder
	for tick := range ticks {
		one := events.Tick{Tick: tick}
		for _, name := range []string{"a", "b", "watch"} {
			status := tasks[name](tick)
			lane, meta, cost := events.Forecast, canon.Value(`{"tags":[]}`), int64(3)
			if name == "watch" {
				lane = events.Shadow
			}
			if status == events.SkippedBudget {
				meta = `{"reason":"budget"}`
			}
			r := events.TaskResult{Name: name, Lane: lane, Status: status, Value: canon.Null}
			if status.Failed() {
				r.Error = "why"
			} else if status == events.OK {
				r.Value = "1"
			}
			one.Events = append(one.Events, events.TraceEvent{Tick: tick, Task: name, Lane: lane, Status: status, CostOps: cost, Meta: meta})
			one.Results = append(one.Results, r)
		}
		at := events.Position{Request: strings.Repeat("ab", 32), RunKey: events.RunKey{Pipeline: "p", Window: 1}, Ticks: ticks}
		err := encoder.Encode(at, &one, 1<<20, func(frame []byte, _ int) error {
			if err := decoder.Decode(frame); err != nil {
				return err
			}
			p.Add(&decoder)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.Finish()
}

func always(s events.Status) func(int64) events.Status {
	return func(int64) events.Status { return s }
}

// at is one status in one tick, and ok elsewhere.
func at(number int64, s events.Status) func(int64) events.Status {
	return func(tick int64) events.Status {
		if tick == number {
			return s
		}
		return events.OK
	}
}

func TestPicture(t *testing.T) {
	p := New(0, 10, 4, events.Budgets{})
	feed(t, p, 40, map[string]func(int64) events.Status{"a": at(12, events.SkippedBudget), "b": at(39, events.Error), "watch": always(events.SkippedBudget)})
	for i, want := range []string{"a osoo [39 1 0 0]", "b oooe [39 0 1 0]", "watch ssss [0 40 0 0]"} {
		if got := fmt.Sprint(p.Tasks[i].Name, " ", string(p.Tasks[i].Status), " ", p.Tasks[i].Counts); got != want {
			t.Errorf("row %d is %s, want %s", i, got, want)
		}
	}
	if got := string(p.Lane(events.Forecast)) + " " + string(p.Lane(events.Shadow)); got != "osoe ssss" {
		t.Errorf("lanes %s", got)
	}
	if p.Lanes[0].Ops[0] != 6 || p.Lanes[1].Ops[0] != 0 || p.Read != 40 || p.Counts["skipped_budget"] != 41 {
		t.Errorf("spent %v and %v, %d ticks, %v", p.Lanes[0].Ops, p.Lanes[1].Ops, p.Read, p.Counts)
	}
	if len(p.Events) != 3 || p.Events[0].Task != "watch" || p.Events[0].Last != 39 {
		t.Errorf("notable: %+v", p.Events)
	}
	if p.Lane(events.Lane(7)) != nil {
		t.Error("a lane without tasks has a row")
	}
}

func TestWorse(t *testing.T) {
	for pair, want := range map[string]byte{".o": 'o', "os": 's', "so": 's', "sn": 'n', "ne": 'e', "es": 'e', "..": '.'} {
		if got := Worse(pair[0], pair[1]); got != want {
			t.Errorf("the worse of %s is %c", pair, got)
		}
	}
}

// What is kept does not grow with the ticks.
func TestMemory(t *testing.T) {
	kept := func(ticks int64) uint64 {
		p := New(0, ticks/50, 50, events.Budgets{})
		feed(t, p, ticks, map[string]func(int64) events.Status{"a": always(events.OK), "b": at(ticks/2, events.Error), "watch": always(events.SkippedBudget)})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		runtime.KeepAlive(p)
		p = nil
		runtime.GC()
		runtime.ReadMemStats(&after)
		return before.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
	}
	few, many := kept(1000), kept(100_000)
	if few == 0 || many > few+16<<10 {
		t.Errorf("%d bytes are kept of 1000 ticks, %d of 100 000", few, many)
	}
}
