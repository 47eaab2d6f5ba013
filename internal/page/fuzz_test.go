package page

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// FuzzQuestions asks the page for anything: it answers in JSON, and whatever is wrong is the
// question, not the page.
func FuzzQuestions(f *testing.F) {
	s := newPage(f, bustest.Open(f))
	s.tell("asked", events.Pass, nil)
	for _, ask := range [][2]string{
		{"windows", "before=9&limit=3&pipeline=asked&outcome=fail&drill=yes&from=2026-01-02&text=odd"},
		{"windows/1", ""},
		{"windows/1/grid", "from=0&to=5&columns=3"},
		{"windows/1/compare", "a=0&b=1&from=0&to=1"},
		{"windows/1/against/1", "tick=0"},
		{"windows/1/runs/0", "columns=99999999999999999999"},
		{"windows/1/runs/0/ticks/-1", "from=%00"},
		{"windows/18446744073709551616/runs/0/ticks/0", ""},
		{"search", "q=%ff%fe"},
		{"search", "q=a;b&&=&q=%zz"},
	} {
		f.Add(ask[0], ask[1])
	}
	handler := s.page.Handler()
	f.Fuzz(func(t *testing.T, path, query string) {
		if strings.Contains(path, "live") || strings.Contains(path, "download") {
			t.Skip("it is no answer in JSON")
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/windows", nil)
		r.URL = &url.URL{Path: "/api/" + path, RawQuery: query}
		r.Host = "localhost"
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s: %d: %s", r.URL, w.Code, w.Body)
		}
		if w.Code < http.StatusMultipleChoices || w.Code >= http.StatusBadRequest {
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s: %d: %s", r.URL, w.Code, w.Body)
			}
		}
	})
}
