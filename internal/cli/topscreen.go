package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	xterm "golang.org/x/term"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/term"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// topState is what the screen shows. All that follows the bus writes into it.
type topState struct {
	mu       sync.Mutex
	windows  map[uint64]*topWindow // without a verdict
	verdicts []term.Verdict        // newest first
	services map[string]term.Service
	hashed   int64   // events, since the beginning
	samples  []int64 // hashed at the last refreshes
}

type topWindow struct {
	request *events.WindowRequest
	done    []int64 // ticks of each run
}

var topServices = []string{"ers-coordinator", "ers-hasher", "ers-gate"}

func topScreen(ctx context.Context, io *streams, b *bus.Bus) error {
	s := &topState{windows: make(map[uint64]*topWindow), services: make(map[string]term.Service)}
	var last [3]uint64
	for i, stream := range []string{events.StreamWindow, events.StreamDigest, events.StreamVerdict} {
		var err error
		if last[i], err = b.LastSeq(ctx, stream); err != nil {
			return err
		}
	}
	silent := *io // what cannot be read must not write over the screen
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		defer null.Close()
		silent.err = null
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return followDocuments(ctx, &silent, b, events.StreamDigest, "", last[1]+1, s.digest)
	})
	group.Go(func() error {
		return followDocuments(ctx, &silent, b, events.StreamVerdict, "", behind(last[2], topVerdicts), s.verdict)
	})
	group.Go(func() error {
		return followDocuments(ctx, &silent, b, events.StreamWindow, events.WindowSubjects, behind(last[0], topWindows), func(m bus.Message, r *events.WindowRequest) error {
			return s.window(ctx, b, events.WindowKey{Pipeline: r.Pipeline, Window: m.Seq, Request: events.RequestSHA256(m.Data)}, r)
		})
	})
	group.Go(func() error { return s.ask(ctx, b) })
	group.Go(func() error { return s.refresh(ctx, io, b) })
	return group.Wait()
}

// behind is where the last n messages begin.
func behind(last, n uint64) uint64 { return last - min(last, n) + 1 }

// window takes in a window unless it has its verdict. It is there before the verdict is
// looked for, so that a verdict that comes meanwhile takes it away.
func (s *topState) window(ctx context.Context, b *bus.Bus, key events.WindowKey, r *events.WindowRequest) error {
	w := &topWindow{r, make([]int64, r.Runs)}
	s.mu.Lock()
	s.windows[key.Window] = w
	s.mu.Unlock()
	v, _, err := client.VerdictSoFar(ctx, b, key)
	if err == nil && v != nil {
		s.mu.Lock()
		delete(s.windows, key.Window)
		s.mu.Unlock()
		return nil
	}
	for run := range r.Runs {
		m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(key.Run(run)))
		var d events.Digest
		if err == nil && events.Decode(m.Data, &d) == nil {
			s.mu.Lock()
			w.done[run] = max(w.done[run], d.Done)
			s.mu.Unlock()
		}
	}
	return ctx.Err()
}

func (s *topState) digest(_ bus.Message, d *events.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range d.Covers {
		s.hashed += int64(d.Covers[i].Events)
	}
	if w := s.windows[d.Window]; w != nil && d.Run < len(w.done) {
		w.done[d.Run] = max(w.done[d.Run], d.Done)
	}
	return nil
}

func (s *topState) verdict(_ bus.Message, v *events.Verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.windows, v.Window)
	line := term.Verdict{Window: v.Window, Pipeline: v.Pipeline, Outcome: string(v.Outcome), Headline: report.Headline(v)}
	s.verdicts = slices.Insert(s.verdicts, 0, line)
	s.verdicts = s.verdicts[:min(len(s.verdicts), topVerdicts)]
	return nil
}

// ask asks the services for their counters, again and again.
func (s *topState) ask(ctx context.Context, b *bus.Bus) error {
	ticker := time.NewTicker(topAsk)
	defer ticker.Stop()
	for {
		for _, name := range topServices {
			state := term.Service{Name: name}
			answer, cancel := context.WithTimeout(ctx, topAnswer)
			m, err := b.Ask(answer, daemon.StatsSubject+name)
			cancel()
			counters := make(map[string]int64)
			if err == nil && json.Unmarshal(m.Data, &counters) == nil {
				state.Answers, state.Problems = true, counters["problems"]+counters["viz_problems"]
				_, state.Trouble = health(ctx, b, serviceKind{name: name})
			}
			if name == hasherName {
				state.Behind = framesBehind(ctx, b)
			}
			s.mu.Lock()
			s.services[name] = state
			s.mu.Unlock()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// manyFrames is more than a hasher gathers before it says what it has read.
const manyFrames = 5000

// framesBehind is how many frames hashers have yet to read, 0 where these are not many.
func framesBehind(ctx context.Context, b *bus.Bus) int64 {
	last, err := b.LastSeq(ctx, events.StreamTrace)
	if err != nil {
		return 0
	}
	read, err := framesRead(ctx, b)
	if err != nil || last < read+manyFrames {
		return 0
	}
	return int64(last - read)
}

// What a terminal is told: another screen without cursor and without lines that wrap,
// and all of that back.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

func (s *topState) refresh(ctx context.Context, io *streams, b *bus.Bus) (err error) {
	if _, err := fmt.Fprint(io.out, enterScreen); err != nil {
		return err
	}
	defer func() {
		_, leaveErr := fmt.Fprint(io.out, leaveScreen)
		err = errors.Join(err, leaveErr)
	}()
	ticker := time.NewTicker(topRefresh)
	defer ticker.Stop()
	for {
		width, height, err := xterm.GetSize(int(os.Stdout.Fd()))
		if err != nil || height == 0 {
			width, height = 0, 24
		}
		lines := strings.Split(report.Fold(strings.Join(s.board(b).Lines(height, io.colorOut), "\n"), width), "\n")
		shown := strings.Join(lines[:min(len(lines), height)], "\x1b[K\r\n")
		if _, err := fmt.Fprint(io.out, "\x1b[H", shown, "\x1b[K\x1b[J"); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// board is called once a refresh.
func (s *topState) board(b *bus.Bus) *term.Board {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, s.hashed)
	s.samples = s.samples[max(0, len(s.samples)-topRate-1):]
	board := &term.Board{Server: b.URL(), Connected: b.Conn().IsConnected(), Verdicts: slices.Clone(s.verdicts)}
	if n := len(s.samples) - 1; n > 0 {
		board.Events = int64(float64(s.hashed-s.samples[0]) / (float64(n) * topRefresh.Seconds()))
	}
	for _, name := range topServices {
		state := s.services[name]
		state.Name = name
		board.Services = append(board.Services, state)
	}
	for _, seq := range slices.SortedFunc(maps.Keys(s.windows), cmp.Compare[uint64]) {
		w := s.windows[seq]
		p := term.Progress{Window: seq, Pipeline: w.request.Pipeline, Ticks: int64(w.request.Runs) * w.request.Ticks}
		for _, done := range w.done {
			p.Done += done
		}
		board.Windows = append(board.Windows, p)
	}
	return board
}
