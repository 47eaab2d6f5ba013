package e2e

import (
	"fmt"
	"testing"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// progress tells how far a service has come with a window, by its own stream: of a
// message, what it adds. runs and ticks are those of the window.
type progress struct {
	stream string
	adds   func(*testing.T, bus.Message) int
	total  func(runs, ticks int) int
}

// progressOf the services: ticks published, ticks hashed, and of the gate, which
// writes nothing before it has all, runs that it can have taken in.
var progressOf = map[string]progress{
	"ers-coordinator": {events.StreamTrace, func(*testing.T, bus.Message) int { return 1 }, func(runs, ticks int) int { return runs * ticks }},
	"ers-hasher":      {events.StreamDigest, func(t *testing.T, m bus.Message) int { return len(decodeDigest(t, m).Covers) }, func(runs, ticks int) int { return runs * ticks }},
	"ers-gate":        {events.StreamDigest, func(t *testing.T, m bus.Message) int { return finals(decodeDigest(t, m)) }, func(runs, _ int) int { return runs }},
}

func decodeDigest(t *testing.T, m bus.Message) *events.Digest {
	t.Helper()
	d := new(events.Digest)
	if err := events.Decode(m.Data, d); err != nil {
		t.Fatalf("digest, sequence %d: %v", m.Seq, err)
	}
	return d
}

func finals(d *events.Digest) int {
	if d.Final {
		return 1
	}
	return 0
}

// await waits until a service has done so many percent of the first window.
func (p progress) await(s *system, f *pipelineFixture, percent int) {
	s.t.Helper()
	file := f.file(s.t)
	want := max(1, p.total(file.Runs, int(file.Ticks))*percent/100)
	n := 0
	s.awaitMessage(p.stream, "", func(m bus.Message) bool {
		n += p.adds(s.t, m)
		return n >= want
	})
}

// midway repeats a scenario until what it does to a service hits it in the middle of
// its work: on a busy machine the service may have finished before.
func midway(t *testing.T, scenario func() bool) {
	t.Helper()
	for range 6 {
		if scenario() {
			return
		}
	}
	t.Fatal("the service was never met in the middle of a window: the windows are too short for this machine")
}

// unfinished tells whether the service has not finished the first window.
func (p progress) unfinished(s *system, f *pipelineFixture) bool {
	s.t.Helper()
	file := f.file(s.t)
	n := 0
	for _, m := range s.read(p.stream, "") {
		n += p.adds(s.t, m)
	}
	return n < p.total(file.Runs, int(file.Ticks))
}

// A service that is killed in the middle of a window, and started again, leaves no
// trace of that: the streams hold every tick once, the verdict is the same.
func TestKill(t *testing.T) {
	t.Parallel()
	tests := []struct {
		service  string
		pipeline *pipelineFixture
		percent  []int // of the service's work, when it is killed
	}{
		{"ers-coordinator", drilled, []int{20, 40, 60, 80}},
		{"ers-hasher", drilled, []int{20, 40, 60, 80}},
		{"ers-gate", drilled, []int{0, 20, 40}},
		{"ers-coordinator", drilled, []int{50}},
		{"ers-coordinator", busy, []int{0}},
		{"ers-hasher", busy, []int{0}},
		{"ers-gate", busy, []int{0}},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.service, " at ", test.percent), func(t *testing.T) {
			if len(test.percent) == 1 {
				testsize.NeedsWhole(t)
			}
			t.Parallel()
			midway(t, func() bool {
				s := newSystem(t)
				victim := s.startAll()[test.service]
				window := s.submit(test.pipeline)
				for _, percent := range test.percent {
					progressOf[test.service].await(s, test.pipeline, percent)
					victim.kill()
					if !progressOf[test.service].unfinished(s, test.pipeline) {
						return false
					}
					victim = s.start(test.service)
				}
				s.checkWindow(test.pipeline, window)
				return true
			})
		})
	}
}

// A coordinator that is killed just after it has falsified an event goes on from what
// the tasks had returned, not from what it wrote.
func TestKillAfterDrill(t *testing.T) {
	t.Parallel()
	midway(t, func() bool {
		s := newSystem(t)
		victim := s.startAll()["ers-coordinator"]
		window := s.submit(drilled)
		var request events.WindowRequest
		drilled.change(&request)
		key := events.RunKey{Pipeline: drilled.name, Window: window, Run: request.Drill.Run}
		s.awaitMessage(events.StreamTrace, events.TraceSubject(key), func(m bus.Message) bool {
			return decodeFrame(t, m).Tick == request.Drill.Tick
		})
		victim.kill()
		if !progressOf["ers-coordinator"].unfinished(s, drilled) {
			return false
		}
		s.start("ers-coordinator")
		s.checkWindow(drilled, window)
		return true
	})
}

func decodeFrame(t *testing.T, m bus.Message) *events.FrameDecoder {
	t.Helper()
	d := new(events.FrameDecoder)
	if err := d.Decode(m.Data); err != nil {
		t.Fatalf("frame, sequence %d: %v", m.Seq, err)
	}
	return d
}

// A coordinator or hasher that is killed between two frames of a tick goes on with
// the next frame.
func TestKillInsideTick(t *testing.T) {
	t.Parallel()
	for _, service := range services[:2] {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t)
			all := s.startAll()
			window := s.submit(bulky)
			for from, inside := uint64(1), false; !inside; {
				m := s.awaitMessage(events.StreamTrace, "", func(m bus.Message) bool { return m.Seq >= from && !decodeFrame(t, m).Last() })
				all[service].kill()
				// Of a coordinator it shows whether it was inside of a tick. A hasher was,
				// if it had read what we have.
				inside = service == "ers-hasher" || s.insideTick(bulky, window)
				from = m.Seq + 1
				all[service] = s.start(service)
			}
			s.checkWindow(bulky, window)
		})
	}
}

// insideTick tells whether some run of a window ends with a frame that does not end
// its tick.
func (s *system) insideTick(p *pipelineFixture, window uint64) bool {
	s.t.Helper()
	for run := range p.file(s.t).Runs {
		key := events.RunKey{Pipeline: p.name, Window: window, Run: run}
		list := s.read(events.StreamTrace, events.TraceSubject(key))
		if len(list) > 0 && !decodeFrame(s.t, list[len(list)-1]).Last() {
			return true
		}
	}
	return false
}
