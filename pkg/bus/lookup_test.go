package bus_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// TestLastOfMany looks up the last message on filters that match subjects of many windows.
// The server is asked about all of these only where its newest message does not tell.
func TestLastOfMany(t *testing.T) {
	b := bustest.Open(t)
	asked, err := b.Conn().SubscribeSync("$JS.API.STREAM.MSG.GET.*")
	if err != nil {
		t.Fatal(err)
	}
	put := func(subject string) uint64 {
		t.Helper()
		seq, err := b.Append(t.Context(), subject, 0, []byte(subject))
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	var last uint64
	for window := range uint64(5) {
		last = put(events.TraceSubject(events.RunKey{Pipeline: "p", Window: window + 1}))
	}
	last1 := func(stream, filter string, want uint64, wide bool) {
		t.Helper()
		clearOf(t, asked)
		m, err := b.Last(t.Context(), stream, filter)
		if want == 0 && !errors.Is(err, bus.ErrNotFound) || want > 0 && (err != nil || m.Seq != want) {
			t.Errorf("last on %s: sequence %d, %v; want %d", filter, m.Seq, err, want)
		}
		if found := asksFor(t, asked, filter); found != wide {
			t.Errorf("last on %s: the server was asked for it: %t", filter, found)
		}
	}
	last1(events.StreamTrace, events.TraceSubjects, last, false)
	last1(events.StreamDigest, events.DigestSubjects, 0, true)

	shown := put(events.StabilitySubject("p", 1))
	last1(events.StreamViz, events.StabilitySubjects, shown, false)
	put(events.TrendPackSubject(events.RunKey{Pipeline: "p", Window: 2}))
	last1(events.StreamViz, events.StabilitySubjects, shown, true)

	s, err := b.JetStream().Stream(t.Context(), events.StreamTrace)
	if err == nil {
		err = s.Purge(t.Context(), jetstream.WithPurgeSubject(fmt.Sprintf("ers.trace.p.%d.*", last)))
	}
	if err != nil {
		t.Fatal(err)
	}
	last1(events.StreamTrace, events.TraceSubjects, last-1, true)
}

// clearOf forgets what was heard.
func clearOf(t *testing.T, heard *nats.Subscription) {
	t.Helper()
	for {
		if n, _, err := heard.Pending(); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			return
		}
		if _, err := heard.NextMsgWithContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// asksFor tells whether the last message on a filter was asked for in what was heard.
func asksFor(t *testing.T, heard *nats.Subscription, filter string) (found bool) {
	t.Helper()
	for n, _, _ := heard.Pending(); n > 0; n, _, _ = heard.Pending() {
		m, err := heard.NextMsgWithContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var request struct {
			Last string `json:"last_by_subj"`
		}
		if err := json.Unmarshal(m.Data, &request); err != nil {
			t.Fatal(err)
		}
		found = found || request.Last == filter
	}
	return found
}
