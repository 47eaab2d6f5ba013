package exec

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// What is kept of a process's standard error, for the reason why a run is given up.
const (
	tailLines = 12
	tailLine  = 240 // bytes of a line
)

// tail passes what a process writes to standard error on to the log, and keeps its end.
type tail struct {
	from *os.File
	log  zerolog.Logger
	done chan struct{}

	mu    sync.Mutex
	lines []string
	task  string // the first of those that are asked for
}

func newTail(from *os.File, log zerolog.Logger) *tail {
	t := &tail{from: from, log: log, done: make(chan struct{})}
	go t.read()
	return t
}

func (t *tail) read() {
	defer close(t.done)
	defer t.from.Close()
	lines := bufio.NewReaderSize(t.from, 4<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			t.add(strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD"))
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line is not of interest
			_, err = lines.ReadSlice('\n')
		}
		if err != nil {
			_, _ = io.Copy(io.Discard, t.from)
			return
		}
	}
}

func (t *tail) add(line string) {
	if len(line) > tailLine {
		line = strings.ToValidUTF8(line[:tailLine], "") + "…"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log.Info().Str("task", t.task).Msg(line)
	if len(t.lines) == tailLines {
		t.lines = t.lines[1:]
	}
	t.lines = append(t.lines, line)
}

// during says which task the process is asked for, the first of a row.
func (t *tail) during(task string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.task = task
}

// wait waits until all is read, which is when nobody has the other end any more.
func (t *tail) wait() { <-t.done }

// quote is the end of it for a reason, "" when nothing was said.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return "; the end of its standard error: " + strings.Join(t.lines, " ⏎ ")
}
