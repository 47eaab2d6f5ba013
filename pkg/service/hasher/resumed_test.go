package hasher_test

import (
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// A tick in which somebody went on with a run is marked, wherever in it that was, and also
// by a hasher that is stopped after each frame. The first frame of a run is none; what rules
// found says nothing of a machine.
func TestResumedTicks(t *testing.T) {
	b := bustest.Open(t)
	w := newTrace(t, b)
	const perTick = 3
	said := map[int]canon.Value{0: `{"host":"a"}`, 3: `{"rules":{}}`, 7: `{"host":"b"}`, 8: `{"rules":{}}`, 9: `{"host":"c","rules":{}}`, 14: `{"build":"d"}`}
	marked := map[int64]bool{firstTick + 2: true, firstTick + 3: true, firstTick + 4: true}
	n := 0
	for number := int64(firstTick); number < firstTick+ticks; number++ {
		frames := w.frames(number, 900)
		if len(frames) != perTick {
			t.Fatalf("a tick takes %d frames, and the places below are for %d", len(frames), perTick)
		}
		for _, frame := range frames {
			if around := said[n]; around != "" {
				var d events.FrameDecoder
				err := d.Decode(frame)
				x := events.Extra{Surroundings: around}
				if err == nil {
					frame, err = x.Add(frame, &d.Position, false)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			w.publish(frame)
			_, stop := startHasher(t, b)
			n++
			if whole := int64(n / perTick); whole > 0 {
				digests(t, b, w.key, done(whole))
			}
			stop()
		}
	}
	for _, d := range digests(t, b, w.key, final) {
		for _, c := range d.Covers {
			if c.Resumed != marked[c.Tick] {
				t.Errorf("tick %d: resumed is %t", c.Tick, c.Resumed)
			}
		}
	}
}
