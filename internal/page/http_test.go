package page

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// ask sends a request and returns the answer with its body.
func (s *station) ask(method, host, path string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, string(body)
}

func TestGuard(t *testing.T) {
	s := newPage(t, bustest.Open(t))
	for _, c := range []struct {
		method, host, path string
		code               int
	}{
		{"GET", "", "/", 200},
		{"HEAD", "", "/", 200},
		{"GET", "localhost:8080", "/api/windows", 200},
		{"GET", "[::1]:8080", "/api/windows", 200},
		{"GET", "192.0.2.7", "/api/windows", 200},
		{"GET", "ers.test:8080", "/api/windows", 200}, // as it was asked for
		{"GET", "rebound.example", "/api/windows", 421},
		{"GET", "rebound.example:8080", "/", 421},
		{"GET", "127.0.0.1.example", "/", 421},
		{"POST", "", "/api/windows", 405},
		{"DELETE", "", "/api/windows/1", 405},
		{"PUT", "rebound.example", "/", 421},
		{"GET", "", "/api/none", 404},
		{"GET", "", "/none", 404},
		{"GET", "", "/api/windows/7", 404},
		{"GET", "", "/api/windows/x", 400},
		{"GET", "", "/api/windows/-1", 400},
		{"GET", "", "/api/windows?limit=0", 400},
	} {
		answer, body := s.ask(c.method, c.host, c.path)
		if answer.StatusCode != c.code {
			t.Errorf("%s %s of %q: %d, not %d: %s", c.method, c.path, c.host, answer.StatusCode, c.code, body)
		}
		if answer.Header.Get("Content-Security-Policy") != policy || answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: headers %v", c.method, c.path, answer.Header)
		}
		if c.code >= 400 && c.path != "/none" && c.method != "HEAD" {
			var e struct{ Error string }
			if err := json.Unmarshal([]byte(body), &e); err != nil || e.Error == "" {
				t.Errorf("%s %s: an error that says nothing: %q, %v", c.method, c.path, body, err)
			}
		}
	}
}

func TestBadQuestions(t *testing.T) {
	s := newPage(t, bustest.Open(t))
	m := &made{runs: 2, first: 5, ticks: 10, hashed: 10, covers: 10, value: func(int, int64) canon.Value { return "1" }}
	m.write(t.Context(), t, s.bus)
	for path, code := range map[string]int{
		"/grid": 200, "/grid?from=5&to=6&columns=1": 200, "/grid?from=4": 400, "/grid?from=15": 400, "/grid?from=9&to=9": 400, "/grid?to=16": 400,
		"/grid?columns=0": 400, "/grid?columns=2001": 400, "/grid?from=x": 400,
		"/runs/1": 200, "/runs/2": 400, "/runs/-1": 400, "/runs/1?from=14": 200,
		"/runs/0/ticks/5": 200, "/runs/0/ticks/4": 400, "/runs/0/ticks/15": 400, "/runs/0/ticks/5?offset=9": 200,
		"/compare?a=0&b=1": 200, "/compare?a=0&b=2": 400,
	} {
		if answer, body := s.ask("GET", "", "/api/windows/1"+path); answer.StatusCode != code {
			t.Errorf("%s: %d, not %d: %s", path, answer.StatusCode, code, body)
		}
	}
}

// TestPortInUse says what to do.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Listen(l.Addr().String())
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "--http HOST:PORT") {
		t.Error(err)
	}
}

// spoil appends what is no frame to a run.
func (s *station) spoil(k events.RunKey) {
	s.t.Helper()
	subject := events.TraceSubject(k)
	last, err := s.bus.Last(s.t.Context(), events.StreamTrace, subject)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.bus.Append(s.t.Context(), subject, last.Seq, []byte("no frame")); err != nil {
		s.t.Fatal(err)
	}
}

// TestBadRecord shows what there is of a run whose frames cannot be read, and says where
// it ends.
func TestBadRecord(t *testing.T) {
	s := newPage(t, bustest.Open(t))
	m := &made{runs: 2, ticks: 4, hashed: 4, covers: 4, value: func(int, int64) canon.Value { return "1" }}
	w := m.write(t.Context(), t, s.bus)
	s.spoil(w.Run(0))
	answer, body := s.ask("GET", "", "/api/windows/1/runs/0")
	var run struct {
		Read   int64  `json:"ticks"`
		Broken string `json:"broken"`
	}
	if err := json.Unmarshal([]byte(body), &run); err != nil || answer.StatusCode != 200 || run.Read != 4 || !strings.Contains(run.Broken, "ERS_TRACE sequence 9") {
		t.Errorf("%s, %v", body, err)
	}
}

// TestLanesSVG draws a run of a window as a file that is well-formed and asks nobody, and
// says where a run ends that cannot be read further.
func TestLanesSVG(t *testing.T) {
	s := newPage(t, bustest.Open(t))
	s.serve(judge)
	m := &made{runs: 2, ticks: 10_000, hashed: 10_000, covers: 1000, value: func(int, int64) canon.Value { return "1" }}
	w := m.write(t.Context(), t, s.bus)
	if _, _, err := client.Verdict(t.Context(), s.bus, w.WindowKey); err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	broken, err := ExportLanes(t.Context(), s.bus, w.Window, nil, &picture)
	if err != nil || broken != "" {
		t.Fatal(broken, err)
	}
	d := xml.NewDecoder(bytes.NewReader(picture.Bytes()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, picture.Bytes())
		}
	}
	text := picture.String()
	for _, want := range []string{"window 1 of long: run 0 (the same in 2 of 2 runs), ticks 0 to 9999", "A cell is 100 ticks, and shows the worst of them.", ": ok</title>", "lane forecast"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if outside.MatchString(text) {
		t.Errorf("it would ask another host:\n%s", text)
	}
	one := 1
	if r, err := ReadRun(t.Context(), s.bus, w.Window, &one, 50); err != nil || r.Run != 1 || r.Step != 200 || r.Read != 10_000 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := ReadRun(t.Context(), s.bus, 9, nil, 50); !errors.Is(err, bus.ErrNotFound) {
		t.Errorf("a window that is not there: %v", err)
	}
	s.spoil(w.Run(0))
	if broken, err := ExportLanes(t.Context(), s.bus, w.Window, nil, io.Discard); err != nil || !strings.Contains(broken, "ERS_TRACE sequence") {
		t.Errorf("%q, %v", broken, err)
	}
}

// outside matches what would make a browser ask another host.
var outside = regexp.MustCompile(`(?i)(src|href|action)\s*=\s*["']?https?:|url\(|@import`)

func TestExport(t *testing.T) {
	s := newStation(t)
	f := oracle(t)
	for _, window := range []uint64{s.judged(f, nil), s.judged(f, drill(7, 1, "oracle:compress", "value")), s.judged(f, drill(3, 2, "oracle:signal", "missing")), s.judged(f, drill(1, 1, "nobody", "value"))} {
		var page, picture bytes.Buffer
		if err := ExportHTML(t.Context(), s.bus, window, &page); err != nil {
			t.Fatal(err)
		}
		if err := ExportSVG(t.Context(), s.bus, window, &picture); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{page.String(), picture.String()} {
			if found := outside.FindString(text); found != "" || strings.Contains(text, "ZgotmplZ") {
				t.Errorf("window %d: %q in an export", window, found)
			}
		}
		d := xml.NewDecoder(&picture)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("window %d: the picture is not XML: %v", window, err)
			}
		}
	}
	if err := ExportSVG(t.Context(), s.bus, 99, io.Discard); !errors.Is(err, bus.ErrNotFound) {
		t.Error(err)
	}
}

// TestIndexIsBounded keeps the newest windows, in whatever order they come.
func TestIndexIsBounded(t *testing.T) {
	x := newIndex(func(Summary) {})
	for i := range uint64(2 * maxIndexed) {
		x.update((i*7919)%(2*maxIndexed)+1, func(*Summary) {})
	}
	list, more := x.newest(0, 2*maxIndexed, func(*Summary) bool { return true })
	if len(list) != maxIndexed || more || list[0].Window != 2*maxIndexed || len(x.windows) != maxIndexed {
		t.Errorf("%d windows from %d on", len(list), list[0].Window)
	}
}

// Without the token nothing is shown; with it, brought once as part of the address, a
// browser sees everything.
func TestToken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, bus: bustest.Open(t), url: URL(l, "")}
	page := New(Config{Bus: s.bus, Log: bustest.Log(t), Token: "secret"})
	s.background(func(ctx context.Context) error { return page.Run(ctx, l) })
	for path, code := range map[string]int{"/": 403, "/api/windows": 403, "/api/live": 403, "/?token=": 403, "/?token=secre": 403, "/js/run.js": 403} {
		if answer, body := s.ask("GET", "", path); answer.StatusCode != code || strings.Contains(body, "<html") {
			t.Errorf("%s without the token: %d %s", path, answer.StatusCode, body)
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var passed []string
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		passed = append(passed, r.URL.String())
		return nil
	}}
	first := URL(l, "secret")
	if first != s.url+"/?token=secret" {
		t.Errorf("the address is %s", first)
	}
	for _, at := range []string{first, s.url + "/api/windows"} {
		answer, err := browser.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%s: %d", at, answer.StatusCode)
		}
	}
	if len(passed) != 1 || passed[0] != s.url+"/" {
		t.Errorf("from the first address to %q", passed)
	}
	// The token leads nowhere but to this page.
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := browser.Get(s.url + "//elsewhere.example/?token=secret&x=1")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if at := answer.Header.Get("Location"); at != "/elsewhere.example/?x=1" {
		t.Errorf("it leads to %q", at)
	}
}
