package page

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"abraxas.dev/ers/pkg/bus"
)

// Download is a form in which a window can be taken from the page as a file.
type Download struct {
	Name  string // of the form, and the ending of the file's name
	Type  string // the media type
	Write func(ctx context.Context, b *bus.Bus, window uint64, out io.Writer) error
}

// ownDownloads are the forms that this package writes.
var ownDownloads = []Download{{"html", "text/html; charset=utf-8", ExportHTML}, {"svg", "image/svg+xml", ExportSVG}}

func (s *Server) downloads() []Download { return slices.Concat(ownDownloads, s.Downloads) }

// formats are the names of all forms.
func (s *Server) formats() (names []string) {
	for _, d := range s.downloads() {
		names = append(names, d.Name)
	}
	return names
}

// download sends a window as a file. One that cannot be written to its end is broken off, so
// that the browser says so.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	q := query{r, r.URL.Query()}
	if err := s.send(w, q); err != nil {
		code, f := explain(r.Context(), q, err)
		writeJSON(w, code, f)
	}
}

func (s *Server) send(w http.ResponseWriter, q query) error {
	found, err := s.findWindowOf(q.Context(), q)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.downloads(), func(d Download) bool { return d.Name == q.text("format") })
	if at < 0 {
		return badf("format is %.40q: want one of %v", q.text("format"), s.formats())
	}
	form := s.downloads()[at]
	done, err := s.readMany(q.Context())
	if err != nil {
		return err
	}
	defer done()
	out := &attachment{ResponseWriter: w, header: func(h http.Header) {
		h.Set("Content-Type", form.Type)
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.%s"`, found.Pipeline, found.Window, form.Name))
		h.Set("Cache-Control", "no-store")
	}}
	err = form.Write(q.Context(), s.Bus, found.Window, out)
	if err != nil && out.begun {
		s.Log.Warn().Err(err).Str("path", q.URL.Path).Msg("a download is broken off")
		panic(http.ErrAbortHandler)
	}
	return err
}

// attachment is the answer with a file in it. Its head is sent with the first bytes: until then it
// can be an error.
type attachment struct {
	http.ResponseWriter
	header func(http.Header)
	begun  bool
}

func (f *attachment) Write(p []byte) (int, error) {
	if !f.begun {
		f.begun = true
		f.header(f.Header())
	}
	if err := http.NewResponseController(f.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return f.ResponseWriter.Write(p)
}
