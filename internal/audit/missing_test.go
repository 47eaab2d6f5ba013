package audit

import (
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Streams that are gone beside others are findings, never a pass; on a server without
// any there is nothing to tell.
func TestMissingStreams(t *testing.T) {
	server := bustest.NewServer(t)
	reader := func() *Report {
		return audit(t, bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir, c.ReadOnly = server.URL(), "", true }), 0)
	}
	if r := reader(); r.Outcome != events.Inconclusive || r.New != 0 {
		t.Errorf("%s", r.AppendText(nil))
	}
	s := newScript(t, bustest.Connect(t, server.URL())).write()
	check(t, reader(), events.Pass)
	js := s.bus.JetStream()
	s.must(js.DeleteStream(t.Context(), onVerdict))
	gone := want{Gap, onVerdict, 0, -1, -1, false, "the stream is missing"}
	check(t, reader(), events.Fail, gone)
	s.must(js.DeleteStream(t.Context(), onWindow))
	var wants []want
	for run := range 3 {
		wants = append(wants, want{Contradiction, onDigest, s.digestSeqs[run][0], run, -1, false, "ERS_WINDOW has no message 1"})
	}
	check(t, reader(), events.Fail, append([]want{{Gap, onWindow, 0, -1, -1, false, "the stream is missing"}, gone}, wants...)...)
}
