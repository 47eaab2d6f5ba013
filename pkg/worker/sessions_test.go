package worker

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

var update = flag.Bool("update", false, "write the answers in testdata/sessions.txt anew")

const sessionsFile = "testdata/sessions.txt"

// recorded is a session of sessionsFile.
type recorded struct {
	name  string
	notes []string
	lines []string // each with its sign
}

// readSessions returns the sessions and what stands before them.
func readSessions(t testing.TB) (head string, sessions []*recorded) {
	t.Helper()
	text, err := os.ReadFile(sessionsFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		name, isName := strings.CutPrefix(line, "== ")
		switch {
		case isName:
			sessions = append(sessions, &recorded{name: name})
		case len(sessions) == 0:
			head += line + "\n"
		case strings.HasPrefix(line, "# "):
			s := sessions[len(sessions)-1]
			s.notes = append(s.notes, line)
		case line != "":
			s := sessions[len(sessions)-1]
			s.lines = append(s.lines, line)
		}
	}
	return head, sessions
}

// of returns the lines of one side.
func (r *recorded) of(sign string) (lines []string) {
	for _, line := range r.lines {
		if text, ok := strings.CutPrefix(line, sign+" "); ok {
			lines = append(lines, text)
		}
	}
	return lines
}

// sessionTasks are the tasks that the head of sessionsFile describes.
func sessionTasks() []scheduler.Task {
	member := func(in *scheduler.Input, name string) (canon.Value, bool) {
		for key, v := range in.Context().Members() {
			if key == name {
				return v, true
			}
		}
		return "", false
	}
	list := func(results func(func(scheduler.Result) bool)) []any {
		all := []any{}
		for r := range results {
			all = append(all, map[string]any{"error": r.Error, "status": r.Status.String(), "task": r.Name, "value": r.Value})
		}
		return all
	}
	see := func(_ context.Context, in *scheduler.Input) (any, error) {
		return map[string]any{"context": in.Context(), "previous": list(in.Previous()), "results": list(in.Results()), "tick": in.Tick()}, nil
	}
	echo := func(_ context.Context, in *scheduler.Input) (any, error) {
		if v, ok := member(in, "value"); ok {
			return v, nil
		}
		return nil, scheduler.NotComputable("no value")
	}
	fail := func(_ context.Context, in *scheduler.Input) (any, error) {
		v, _ := member(in, "text")
		text, _ := v.Text()
		return nil, fmt.Errorf("%s", text)
	}
	content := func(_ context.Context, in *scheduler.Input) (any, error) {
		v, _ := member(in, "sha256")
		hash, _ := v.Text()
		data, _, err := in.Content(hash, 0, 1<<20)
		return string(data), err
	}
	return []scheduler.Task{
		{Name: "see", Run: see},
		{Name: "echo", Priority: 1, Cost: events.Budget{Ops: 2, Entropy: 1}, Tags: []string{"a", "é"}, Run: echo},
		{Name: "fail", Priority: 2, Run: fail},
		{Name: "content", Priority: 3, Run: content},
		{Name: "watch", Lane: events.Shadow, Run: see},
	}
}

// The worker in Go answers as is written.
func TestSessions(t *testing.T) {
	head, sessions := readSessions(t)
	if len(sessions) < 10 {
		t.Fatalf("%d sessions", len(sessions))
	}
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			var out bytes.Buffer
			input := strings.Join(s.of(">"), "\n") + "\n"
			if err := Serve(context.Background(), strings.NewReader(input), &out, map[string]string{"kit": "go"}, sessionTasks()...); err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if *update {
				s.answer(t, got)
				return
			}
			want := s.of("<")
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("answer %d of %d, want %d:\n got %s\nwant %s", i, len(got), len(want), strings.Join(got[min(i, len(got)):], "\n"), strings.Join(want[min(i, len(want)):], "\n"))
				}
			}
		})
	}
	if *update && !t.Failed() {
		for _, s := range sessions {
			head += "== " + s.name + "\n" + strings.Join(append(s.notes, s.lines...), "\n") + "\n\n"
		}
		if err := os.WriteFile(sessionsFile, []byte(strings.TrimSuffix(head, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// answer puts answers behind the messages that they answer.
func (r *recorded) answer(t *testing.T, answers []string) {
	var lines []string
	for _, message := range r.of(">") {
		lines = append(lines, "> "+message)
		n := 1 // a hello, or an answer after content: the rest of its row
		if strings.Contains(message, `"type":"tick"}`) {
			n = 0
			v, err := canon.Parse([]byte(message))
			if err != nil {
				t.Fatal(err)
			}
			for name, member := range v.Members() {
				for range member.Elements() {
					if name == "tasks" {
						n++
					}
				}
			}
		}
		if strings.Contains(message, `"type":"content"}`) {
			n = len(answers)
		}
		for range n {
			if len(answers) == 0 {
				break
			}
			lines = append(lines, "< "+answers[0])
			asks := strings.Contains(answers[0], `"type":"content"}`)
			if answers = answers[1:]; asks {
				break
			}
		}
	}
	if len(answers) > 0 {
		t.Fatalf("answers too many: %q", answers)
	}
	r.lines = lines
}

// ERS writes its lines as they stand there, and reads those of the worker.
func TestSessionsOfERS(t *testing.T) {
	_, sessions := readSessions(t)
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(strings.Join(s.of("<"), "\n")+"\n"), DefaultLimits)
			for i, line := range s.lines {
				sign, text := line[:1], line[2:]+"\n"
				switch {
				case sign == ">":
					if written := rewrite(t, text); written != text {
						t.Errorf("ERS writes %swhere there is %s", written, text)
					}
				case i == 1:
					h, err := r.Hello()
					if err != nil {
						t.Fatal(err)
					}
					if again, err := AppendWorkerHello(nil, h); err != nil || string(again) != text {
						t.Errorf("%v: a hello is written as %sread from %s", err, again, text)
					}
				default:
					a, err := r.Next()
					if err != nil {
						t.Fatal(err)
					}
					again := []byte(nil)
					if a.Content != nil {
						again = AppendContentRequest(nil, a.Content)
					} else if again, err = AppendResult(nil, a.Result); err != nil {
						t.Fatal(err)
					}
					if string(again) != text {
						t.Errorf("an answer is written as %sread from %s", again, text)
					}
				}
			}
		})
	}
}

// rewrite reads a line of ERS and writes it again.
func rewrite(t *testing.T, line string) string {
	t.Helper()
	var d decoder
	d.json.Reset([]byte(line))
	var out []byte
	var err error
	switch {
	case strings.Contains(line, `"type":"hello"}`):
		var l Limits
		if l, err = d.ersHello(); err == nil {
			out = AppendHello(nil, l)
		}
	case strings.Contains(line, `"type":"content"}`):
		var g given
		if g, err = d.given(); err == nil {
			out = AppendContent(nil, g.sha256, g.offset, g.size, g.data)
		}
	default:
		var tick Tick
		if err = d.tick(&tick, names{}); err == nil {
			out, err = AppendTick(nil, &tick)
		}
	}
	if err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return string(out)
}
