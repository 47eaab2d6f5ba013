package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

const hello = `{"type":"hello","protocol":"ers-worker/1","tasks":[{"name":"a","lane":"forecast"},{"name":"b\n","lane":"shadow","priority":-1,"cost":{"ops":10,"entropy":0},"tags":["x"]}],"numbers":["nan"],"about":{"kit":"test 1"}}` + "\n"

func TestAnswers(t *testing.T) {
	r := NewReader(strings.NewReader(hello+
		`{"type":"result","task":"a","status":"ok","value":{"b":1.0,"a":[1E2,NaN]}}
 { "value" : null, "status":"ok" , "task":"b\n","type":"result","error":""}`+"\r\n"+
		`{"error":"ValueError: no","status":"error","task":"a","type":"result"}
{"error":"","status":"not_computable","task":"a","type":"result","value":null}
{"type":"content","sha256":"`+strings.Repeat("0", 64)+`","offset":0,"length":1048576}
`), DefaultLimits)
	h, err := r.Hello()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", h), `&{Tasks:[{Name:a Lane:forecast Priority:0 Cost:{Ops:0 Entropy:0} Tags:[]} {Name:b
 Lane:shadow Priority:-1 Cost:{Ops:10 Entropy:0} Tags:[x]}] NaN:true BigInt:false About:map[kit:test 1]}`; got != want {
		t.Errorf("hello: %s\nwant %s", got, want)
	}
	for _, want := range []Result{
		{"a", events.OK, `{"a":[100.0,NaN],"b":1.0}`, ""},
		{"b\n", events.OK, "null", ""},
		{"a", events.Error, "null", "ValueError: no"},
		{"a", events.NotComputable, "null", ""},
	} {
		if got, err := r.Next(); err != nil || got.Content != nil || *got.Result != want {
			t.Errorf("got %+v, %v; want %+v", got.Result, err, want)
		}
	}
	got, err := r.Next()
	if err != nil || got.Result != nil || *got.Content != (ContentRequest{strings.Repeat("0", 64), 0, 1 << 20}) {
		t.Errorf("got %+v, %v", got.Content, err)
	}
	for range 2 {
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

func TestRefusedAnswers(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for line, want := range map[string]string{
		`{"type":"result","task":"a","status":"ok","value":` + deep + `}`:   "",
		`{"type":"result","task":"a","status":"ok","value":[` + deep + `]}`: "line 2: result: column 1051: nested deeper than 1000 levels; the line is",

		``:                 "line 2: no message: standard output is for the protocol alone, write other text to standard error; the line is ``",
		`Hello`:            "line 2: no message: standard output is for the protocol alone, write other text to standard error; the line is `Hello`",
		`[]`:               "line 2: no message: standard output",
		`{"type":"result"`: "line 2: result: column 17: the text ends too early: want \",\" or \"}\"; the line is `{\"type\":\"result\"`",
		`{"type":"result","task":"a","status":"fine"}`:                                               `line 2: result: /status: unknown status "fine": want ok, error or not_computable; the line is`,
		`{"type":"result","task":"a","status":"skipped_budget"}`:                                     `line 2: result: /status: unknown status "skipped_budget"`,
		`{"type":"result","task":"a","status":1}`:                                                    `line 2: result: /status: want a string, found "1"`,
		`{"type":"result","task":"c","status":"ok"}`:                                                 `line 2: result: /task: "c" is not a task of the hello`,
		`{"type":"result","task":["a"],"status":"ok"}`:                                               `line 2: result: /task: want a string, found "[\"a\"]"`,
		`{"type":"result","task":"a"}`:                                                               `line 2: result: /status: missing`,
		`{"type":"result","status":"ok"}`:                                                            `line 2: result: /task: missing`,
		`{"task":"a","status":"ok"}`:                                                                 `line 2: /type: missing`,
		`{"type":"log","msg":"x"}`:                                                                   `line 2: /type: "log" where result or content belongs`,
		`{"type":"result","task":"a","status":"ok","vlaue":1}`:                                       `line 2: result: /vlaue: unknown member: want type, task, status, value, error`,
		`{"type":"result","task":"a","status":"ok","a/b~":1}`:                                        `line 2: result: /a~1b~0: unknown member`,
		`{"type":"result","task":"a","status":"ok","offset":1}`:                                      `line 2: result: /offset: no member of a result`,
		`{"type":"result","task":"a","status":"ok","status":"ok"}`:                                   `line 2: result: /status: this member stands twice`,
		`{"type":"result","task":"a","status":"ok","value":{"x":1,"x":2}}`:                           `line 2: result: column 58: the name "x" stands twice in an object`,
		`{"type":"result","task":"a","status":"ok","value":"\ud800"}`:                                `line 2: result: column 52: the lone surrogate \ud800 is not a character`,
		`{"type":"result","task":"a","status":"ok"} {}`:                                              `line 2: result: column 44: unexpected '{': want the end of the text`,
		`{"type":"result","task":"a","status":"ok","error":"x"}`:                                     `line 2: result: /error: a task with status ok has no error: leave it out`,
		`{"type":"result","task":"a","status":"error","value":1}`:                                    `line 2: result: /value: a task with status error has no value: leave it out`,
		`{"type":"result","task":"a","status":"error","error":"` + strings.Repeat("x", 4096) + `…"}`: ``,
		`{"type":"result","task":"a","status":"error","error":"` + strings.Repeat("x", 4097) + `"}`:  `line 2: result: /error: takes 4097 bytes: cut it after at most 4096, and put … behind them`,
		`{"type":"result","task":"a","status":"ok","value":"` + strings.Repeat("x", 262142) + `"}`:   ``,
		`{"type":"result","task":"a","status":"ok","value":"` + strings.Repeat("x", 262143) + `"}`:   `line 2: result: /value: takes 262145 canonical bytes: at most 262144 are allowed`,
		`{"type":"content","sha256":"00","offset":0,"length":1}`:                                     `line 2: content: /sha256: "00" is not a SHA-256 in 64 lower-case hex digits`,
		`{"type":"content","sha256":"` + strings.Repeat("0", 64) + `","offset":-1,"length":1}`:       `line 2: content: /offset: -1 is negative`,
		`{"type":"content","sha256":"` + strings.Repeat("0", 64) + `","offset":0,"length":0}`:        `line 2: content: /length: 0 is out of range: want 1 to 8388608`,
		`{"type":"content","sha256":"` + strings.Repeat("0", 64) + `","offset":0,"length":1.5}`:      `line 2: content: /length: want an integer of 64 bits, found "1.5"`,
		`{"type":"content","sha256":"` + strings.Repeat("0", 64) + `","offset":0}`:                   `line 2: content: /length: missing`,
		`{"type":"content","sha256":"` + strings.Repeat("0", 64) + `","task":"a"}`:                   `line 2: content: /task: no member of a content: want type, sha256, offset, length`,
	} {
		r := NewReader(strings.NewReader(hello+line+"\n"), DefaultLimits)
		if _, err := r.Hello(); err != nil {
			t.Fatal(err)
		}
		_, err := r.Next()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%.100s\n got %v\nwant %s", line, err, want)
		}
		if _, again := r.Next(); err != nil && again != err {
			t.Errorf("%.100s: after the error: %v", line, again)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%.100s: %d bytes of error", line, len(err.Error()))
		}
	}
}

func TestRefusedHellos(t *testing.T) {
	task := `{"name":"a","lane":"forecast"}`
	said := func(tasks, rest string) string {
		return `{"type":"hello","protocol":"ers-worker/1","tasks":[` + tasks + `]` + rest + `}`
	}
	for line, want := range map[string]string{
		said(task, ``):                                                                      ``,
		said(task, `,"numbers":[],"about":{}`):                                              ``,
		said(``, ``):                                                                        `/tasks: empty: a worker has at least one task`,
		said(task+","+task, ``):                                                             `/tasks/1/name: "a" stands twice`,
		said(`{"name":"a"}`, ``):                                                            `/tasks/0/lane: missing`,
		said(`{"name":"","lane":"forecast"}`, ``):                                           `/tasks/0/name: empty`,
		said(`{"name":"a","lane":"main"}`, ``):                                              `/tasks/0/lane: unknown lane "main": want forecast or shadow`,
		said(`{"name":"a","lane":"forecast","prio":1}`, ``):                                 `/tasks/0/prio: unknown member: want name, lane, priority, cost, tags`,
		said(`{"name":"a","lane":"forecast","cost":{"ops":-1}}`, ``):                        `/tasks/0/cost/ops: -1 is negative`,
		said(`{"name":"a","lane":"forecast","cost":{"opps":1}}`, ``):                        `/tasks/0/cost/opps: unknown member: want ops, entropy`,
		said(`{"name":"a","lane":"forecast","priority":1.0}`, ``):                           `/tasks/0/priority: want an integer of 64 bits, found "1.0"`,
		said(`{"name":"a","lane":"forecast","tags":[1]}`, ``):                               `/tasks/0/tags/0: want a string, found "1"`,
		said(`{"name":"a","lane":"forecast","tags":["`+strings.Repeat("x", 9000)+`"]}`, ``): `/tasks/0: name and tags take 9016 bytes: at most 8192 fit in an event`,
		said(task, `,"numbers":["inf"]`):                                                    `/numbers/0: unknown numbers "inf": want nan or bigint`,
		said(task, `,"numbers":["nan","nan"]`):                                              `/numbers/1: "nan" stands twice`,
		said(task, `,"about":{"kit":1}`):                                                    `/about/kit: want a string, found "1"`,
		said(task, `,"about":{"kit":"`+strings.Repeat("x", MaxAbout)+`"}`):                  `/about: takes 16394 canonical bytes: at most 16384 are allowed`,
		said(task, `,"version":1`):                                                          `/version: unknown member: want type, protocol, tasks, numbers, about`,
		`{"type":"hello","protocol":"ers-worker/2","tasks":[` + task + `],"more":1}`:        `/protocol: "ers-worker/2": this ERS speaks ers-worker/1`,
		`{"type":"result","task":"a","status":"ok"}`:                                        `/type: "result" where hello belongs`,
		`{"protocol":"ers-worker/1","tasks":[{"name":"a","lane":"forecast"}]}`:              `/type: "" where hello belongs`,
		`{"type":"hello","protocol":"ers-worker/1"}`:                                        `/tasks: missing`,
	} {
		_, err := NewReader(strings.NewReader(line+"\n"), DefaultLimits).Hello()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "line 1: hello: "+want)) {
			t.Errorf("%.100s\n got %v\nwant line 1: hello: %s", line, err, want)
		}
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	limits := Limits{Error: 10, Message: 300_000, Value: 10}
	l := newLines(strings.NewReader("a\n"+long+"\n"+long+long+"\nb\n"), limits.Message)
	for _, want := range []string{"a", long} {
		if got, err := l.next(); err != nil || string(got) != want {
			t.Fatalf("%d bytes, %v; want %d", len(got), err, len(want))
		}
	}
	_, err := l.next()
	if err == nil || !strings.HasPrefix(err.Error(), "line 3: longer than 300000 bytes, the limit of a message") || len(err.Error()) > 400 {
		t.Errorf("%v", err)
	}
	l = newLines(strings.NewReader("a\nb"), 10)
	l.next()
	_, err = l.next()
	var wrong *MessageError
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &wrong) || wrong.Line != 2 || wrong.Text != "b" {
		t.Errorf("a line without an end: %v", err)
	}
	// A reader with the default limits does not take memory for them.
	if n := testing.AllocsPerRun(1, func() { l = newLines(strings.NewReader("a\n"), 1<<40); l.next() }); n > 5 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNext(b *testing.B) {
	for name, value := range map[string]string{"int": `42`, "object": `{"signal":0.125,"n":3,"tags":["x","y"]}`} {
		b.Run(name, func(b *testing.B) {
			names := make([]string, 50)
			var answers []byte
			tasks := make([]Task, 50)
			for i := range names {
				names[i] = fmt.Sprintf("oracle:signal%d", i)
				tasks[i] = Task{Name: names[i], Cost: events.Budget{Ops: 1}}
				answers = append(answers, `{"type":"result","task":"`+names[i]+`","status":"ok","value":`+value+"}\n"...)
			}
			first, err := AppendWorkerHello(nil, &Hello{Tasks: tasks})
			if err != nil {
				b.Fatal(err)
			}
			r := NewReader(io.MultiReader(bytes.NewReader(first), &endless{text: answers}), DefaultLimits)
			if _, err := r.Hello(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Next(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
		})
	}
}

// endless is a text again and again.
type endless struct {
	text []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}
