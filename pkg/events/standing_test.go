package events_test

import (
	"errors"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// A repair that cannot be read is none: it stops nobody, and excuses nothing.
func TestBadRepair(t *testing.T) {
	for _, test := range []struct {
		window uint64 // that the last frame names
		short  bool
	}{{5, false}, {7, true}} {
		s := events.Standing{
			Ends:      events.Ends{Window: 6, Trace: 10},
			LastFrame: events.Message{Stream: events.StreamTrace, Seq: 10, Subject: events.TraceSubject(events.RunKey{Pipeline: "p", Window: test.window})},
			LastVoid:  events.Message{Stream: events.StreamWindow, Seq: 6, Subject: events.VoidSubject, Data: []byte("{")},
		}
		if err := s.Check(); errors.Is(err, events.ErrShort) != test.short || (err == nil) == test.short {
			t.Errorf("window %d: %v", test.window, err)
		}
		good, err := events.Encode(&events.Void{Schema: events.VoidSchema, Ends: events.Ends{Window: 6, Trace: 10}, Reason: "restored"})
		if err != nil {
			t.Fatal(err)
		}
		s.LastVoid.Data = good
		if err := s.Check(); err != nil {
			t.Errorf("window %d, after a repair: %v", test.window, err)
		}
	}
}
