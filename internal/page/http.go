package page

import (
	"bytes"
	"context"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"abraxas.dev/ers/pkg/events"
)

//go:embed static
var static embed.FS

// policy lets the page load what this server serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler answers the page's requests.
func (s *Server) Handler() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", gzhttp.GzipHandler(http.FileServerFS(files)))
	mux.HandleFunc("GET /api/live", s.live)
	for path, answer := range map[string]answer{
		"/api/windows":                                  s.windows,
		"/api/windows/{window}":                         s.window,
		"/api/windows/{window}/grid":                    s.grid,
		"/api/windows/{window}/compare":                 s.compare,
		"/api/windows/{window}/against/{other}":         s.against,
		"/api/windows/{window}/runs/{run}":              s.run,
		"/api/windows/{window}/runs/{run}/ticks/{tick}": s.tick,
		"/api/search":                                   s.search,
	} {
		mux.Handle("GET "+path, gzhttp.GzipHandler(s.reply(answer)))
	}
	mux.Handle("GET /api/windows/{window}/download/{format}", gzhttp.GzipHandler(http.HandlerFunc(s.download)))
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, errors.New("there is nothing to ask at this address"))
	})
	return guard(s.Address, admit(s.Token, mux))
}

// tokenName is the parameter of the first address, and begins the cookie's name.
const tokenName = "token"

// admit lets in who brings the token. Brought as part of the address, it becomes a
// cookie and leaves the address, so that it is in no bookmark and no history. Cookies are
// shared by all ports of a host: the port is part of the name.
func admit(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	same := func(brought string) bool { return subtle.ConstantTimeCompare([]byte(brought), []byte(token)) == 1 }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "ers-" + tokenName
		if _, port, err := net.SplitHostPort(r.Host); err == nil {
			name += "-" + port
		}
		values := r.URL.Query()
		if same(values.Get(tokenName)) {
			http.SetCookie(w, &http.Cookie{Name: name, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			values.Del(tokenName)
			there := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: values.Encode()}
			http.Redirect(w, r, there.RequestURI(), http.StatusSeeOther)
			return
		}
		if cookie, err := r.Cookie(name); err == nil && same(cookie.Value) {
			next.ServeHTTP(w, r)
			return
		}
		writeError(w, http.StatusForbidden, errors.New("this page asks for a token: open the whole address that `ers` printed, with ?token= in it"))
	})
}

// guard keeps others out: pages of other hosts that point their name at our address,
// and whatever wants to write.
func guard(address string, next http.Handler) http.Handler {
	own, _, _ := net.SplitHostPort(address)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime + writeTime))
		switch {
		case !ownHost(r.Host, own):
			writeError(w, http.StatusMisdirectedRequest, fmt.Errorf("this page does not answer to the name %q: use the address that `ers` printed", r.Host))
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			writeError(w, http.StatusMethodNotAllowed, errors.New("this page only reads: use GET"))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownHost tells whether a request was meant for us. A name that somebody else points
// at our address is not ours; an address cannot be pointed elsewhere.
func ownHost(host, own string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return name == "localhost" || name == own || net.ParseIP(name) != nil
}

// answer returns what to send as JSON.
type answer func(ctx context.Context, q query) (any, error)

// answerTime is how long an answer may take. The biggest read a stream through.
const answerTime = 2 * time.Minute

func (s *Server) reply(answer answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTime)
		defer cancel()
		if !s.status().Connected {
			writeError(w, http.StatusServiceUnavailable, errors.New("the connection to NATS is lost; it is being tried again"))
			return
		}
		q := query{r, r.URL.Query()}
		v, err := answer(ctx, q)
		switch {
		case err == nil:
			writeJSON(w, http.StatusOK, v)
		case r.Context().Err() != nil: // nobody listens any more
		default:
			code, f := explain(ctx, q, err)
			if code >= http.StatusInternalServerError {
				s.Log.Warn().Err(err).Str("path", r.URL.Path).Msg("the page cannot be answered")
			}
			writeJSON(w, code, f)
		}
	})
}

// writeTime is how long a reader may take to read an answer. One that never reads would
// hold its memory for ever.
const writeTime = 30 * time.Second

func writeJSON(w http.ResponseWriter, code int, v any) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		code = http.StatusInternalServerError
		text.Reset()
		fmt.Fprintf(&text, `{"error":%q}`, "answer: "+err.Error())
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // a recorder has none
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(text.Bytes()) // the reader may be gone
}

func writeError(w http.ResponseWriter, code int, err error) {
	writeJSON(w, code, failure{Error: err.Error()})
}

// query is what a page asks.
type query struct {
	*http.Request
	values map[string][]string
}

// badQuery is the error for a question that makes no sense.
type badQuery struct{ text string }

func (e *badQuery) Error() string { return e.text }

func badf(format string, args ...any) error { return &badQuery{fmt.Sprintf(format, args...)} }

func (q query) text(name string) string {
	if v := q.PathValue(name); v != "" {
		return v
	}
	if v := q.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// number reads a parameter; without it, it is the default.
func (q query) number(name string, without, least, most int64) (int64, error) {
	text := q.text(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, badf("%s is %.40q: want a number from %d to %d", name, text, least, most)
	}
	return n, nil
}

// key reads the run that a question is about.
func (q query) key(w *window, name string) (events.RunKey, error) {
	run, err := q.number(name, 0, 0, int64(w.request.Runs)-1)
	return w.Run(int(run)), err
}

// span reads the ticks that a question is about, from .. to-1, and the columns to show
// them in.
func (q query) span(w *window) (span, error) {
	first, end := w.request.FirstTick, w.request.FirstTick+w.request.Ticks
	from, err := q.number("from", first, first, end-1)
	if err != nil {
		return span{}, err
	}
	to, err := q.number("to", end, from+1, end)
	if err != nil {
		return span{}, err
	}
	columns, err := q.number("columns", defaultColumns, 1, maxColumns)
	if err != nil {
		return span{}, err
	}
	return newSpan(from, to, columns), nil
}
