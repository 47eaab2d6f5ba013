package evaluator

import (
	"bytes"
	"testing"
)

// FuzzMessages reads what the other process may send, as each kind of message there is: none makes
// it panic, or take memory for more than what was sent.
func FuzzMessages(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x00\x01\x02\x04\x06\x08"))
	f.Add([]byte("\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		r := newReceiver(bytes.NewReader(sent))
		for {
			m, err := r.next()
			if err != nil {
				return
			}
			request, tick, fault := m, m, m
			if q, err := request.ticksRequest(); err == nil && len(q.contexts)+len(q.previous) > len(sent) {
				t.Fatalf("%d contexts and %d results in %d bytes", len(q.contexts), len(q.previous), len(sent))
			}
			if is, err := tick.tick(); err == nil && len(is.Events) > len(sent) {
				t.Fatalf("%d events in %d bytes", len(is.Events), len(sent))
			}
			_, _ = fault.fault()
		}
	})
}
