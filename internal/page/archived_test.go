package page

import (
	"net/http"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// bury appends the tombstone of a window.
func (s *station) bury(window uint64, place string) {
	s.t.Helper()
	_, key, err := client.Get(s.t.Context(), s.bus, window)
	if err != nil {
		s.t.Fatal(err)
	}
	v, m, err := client.VerdictSoFar(s.t.Context(), s.bus, key)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &events.Pruned{Schema: events.PrunedSchema, Pipeline: key.Pipeline, Window: window, Request: key.Request, Outcome: v.Outcome,
		VerdictSeq: m.Seq, VerdictSHA256: canon.Sum(m.Data).String(), Archive: place, ArchiveSHA256: key.Request}
	for _, stream := range events.PrunedStreams {
		p.Parts = append(p.Parts, events.Part{Stream: stream, SHA256: key.Request})
	}
	data, err := events.Encode(p)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.bus.Append(s.t.Context(), events.PrunedSubject(key.Pipeline, window), 0, data); err != nil {
		s.t.Fatal(err)
	}
}

// A window that is archived is in the list with what it came to and where it is, and whoever
// asks for its runs is told.
func TestArchived(t *testing.T) {
	s := newStation(t)
	window := s.judged(oracle(t), nil)
	s.bury(window, "/archives/1")
	answer, body := s.ask("GET", "", "/api/windows/1")
	if answer.StatusCode != http.StatusOK || !strings.Contains(body, `"headline":"archived in /archives/1: all 12 runs are equal`) || !strings.Contains(body, `"state":"pass"`) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	for _, path := range []string{"/grid", "/runs/0", "/runs/0/ticks/0", "/compare?a=0&b=1"} {
		answer, body := s.ask("GET", "", "/api/windows/1"+path)
		if answer.StatusCode != http.StatusGone || !strings.Contains(body, "Window 1 is archived in /archives/1. Its runs are there") {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}

	var messages []bus.Message
	for _, stream := range []string{events.StreamWindow, events.StreamVerdict} {
		for m, err := range s.bus.Read(t.Context(), stream, "", 1, 0) {
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, m)
		}
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {0, 2, 1}} {
		p := New(Config{Bus: s.bus, Log: bustest.Log(t)})
		for _, i := range order {
			if messages[i].Stream == events.StreamVerdict {
				p.sawVerdict(messages[i])
			} else {
				p.sawWindow(messages[i])
			}
		}
		list, _ := p.index.newest(0, 9, func(*Summary) bool { return true })
		if len(list) != 1 || list[0].Archived != "/archives/1" || list[0].State != "pass" || !strings.HasPrefix(list[0].Headline, "archived in /archives/1: all 12") {
			t.Errorf("%v: %+v", order, list)
		}
	}
}
