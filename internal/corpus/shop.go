package corpus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// Shop is a copy of testdata/drift in which the programs can be run.
type Shop struct {
	Dir string // the copy
	bin string // programs with tasks
	url string
	src string
	srv *httptest.Server

	// Midway is called when a program of several ticks is in the middle of them. It goes on
	// when Midway returns.
	Midway func()
}

// Open copies the folder src to a new place below dir and starts the server that some of
// the programs ask.
func Open(src, dir string) (*Shop, error) {
	s := &Shop{Dir: filepath.Join(dir, "drift"), bin: filepath.Join(dir, "bin"), src: src}
	s.srv = httptest.NewServer(s.answers())
	s.url = s.srv.URL
	if err := os.CopyFS(s.Dir, os.DirFS(src)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close stops the server.
func (s *Shop) Close() { s.srv.Close() }

// answers are those of a server that never answers twice alike, and turns each third
// request away.
func (s *Shop) answers() http.Handler {
	var rate, asked atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/rate", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, rate.Add(1)) })
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%3 == 0 {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "hello")
	})
	mux.HandleFunc("/midway", func(http.ResponseWriter, *http.Request) { s.Midway() })
	return mux
}

// Build builds the program if it is one in Go.
func (s *Shop) Build(e *Entry) error {
	var to string
	switch path.Ext(e.Program) {
	case ".go":
		to = filepath.Join(s.Dir, e.Name())
	case "":
		to = filepath.Join(s.bin, e.Name())
	default:
		return nil
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", to, "./"+e.Program)
	build.Dir = s.src
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return nil
}

// Command is how the program is run in the folder by itself; nil for a pipeline.
func (s *Shop) Command(e *Entry) []string {
	switch path.Ext(e.Program) {
	case ".py":
		return []string{"python3", e.Program}
	case ".sh":
		return []string{"sh", e.Program}
	case ".go":
		return []string{"./" + e.Name()}
	}
	return nil
}

// Ers is the command that runs the program through ERS and prints the verdict.
func (s *Shop) Ers(e *Entry, more ...string) *exec.Cmd {
	args := []string{"--json"}
	if !slices.Contains(e.Flags, "--vary") {
		args = append(args, "--vary", "standard")
	}
	args = append(args, e.Flags...)
	args = append(args, more...)
	var c *exec.Cmd
	switch command := s.Command(e); {
	case command != nil:
		for _, name := range e.Pass {
			args = append(args, "--env", name)
		}
		c = exec.Command("ers", append(append(append([]string{"try"}, args...), "--"), command...)...)
	case path.Ext(e.Program) == "":
		c = exec.Command(filepath.Join(s.bin, e.Name()), append([]string{"run"}, args...)...)
	default:
		c = exec.Command("ers", append([]string{"run", "-f", e.Program}, args...)...)
	}
	c.Dir = s.Dir
	return c
}

// Environ is the environment in which a program of the corpus runs: that of this process,
// but for what would hide or show a difference by accident.
func (s *Shop) Environ(state string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "TZ", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONHASHSEED", "COLUMNS", "GOGC", "GOMAXPROCS", "NATS_URL":
		default:
			env = append(env, v)
		}
	}
	return append(env, "TZ=UTC", "LC_ALL=C", "STATE="+state, "URL="+s.url)
}
