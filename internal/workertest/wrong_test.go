package workertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// wrong is a worker by hand, in the manner of one in another language, that does one
// thing wrong. It returns its exit code.
func wrong(fault string) int {
	w := &byHand{fault: fault, tick: -1, results: map[string]told1{}, out: bufio.NewWriter(os.Stdout)}
	if fault == "silent" {
		os.Stdin.Read(make([]byte, 1))
		return 0
	}
	if fault == "banner" {
		fmt.Println("welcome")
	}
	in := bufio.NewReaderSize(os.Stdin, 64)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			break
		}
		if fault == "short lines" && len(line) > 100_000 {
			return 4
		}
		if fault == "loses lines" {
			in.Reset(os.Stdin)
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			fmt.Fprintln(os.Stderr, "cannot read:", err)
			return 5
		}
		w.take(&m)
		w.out.Flush()
	}
	switch fault {
	case "exit code":
		return 3
	case "last words":
		fmt.Println("bye")
	case "child":
		exec.Command("sleep", "60").Start()
	}
	return 0
}

type message struct {
	Type    string
	Tick    int64
	Context json.RawMessage
	Results []told1
	Tasks   []string
}

type told1 struct {
	Task, Lane, Status, Error string
	Value                     any
}

type byHand struct {
	fault    string
	tick     int64
	order    []string
	results  map[string]told1
	previous []told1
	context  map[string]any
	kept     []json.RawMessage
	out      *bufio.Writer
}

func (w *byHand) is(fault string) bool { return w.fault == fault }

func (w *byHand) say(m map[string]any) {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	w.out.Write(append(text, '\n'))
}

func (w *byHand) hello() {
	task := func(name, lane string) map[string]any { return map[string]any{"name": name, "lane": lane} }
	tasks := []any{task("a", "forecast"), task("b", "forecast"), task("c", "shadow")}
	hello := map[string]any{"type": "hello", "protocol": "ers-worker/1", "numbers": []string{"bigint"}, "about": map[string]any{"kit": "hand"}}
	switch w.fault {
	case "protocol":
		hello["protocol"] = "ers-worker/9"
	case "twins":
		tasks = append(tasks, task("a", "shadow"))
	case "members":
		hello["version"] = "1"
	case "other tasks":
		tasks = append(tasks, task(fmt.Sprint("d", os.Getpid()), "shadow"))
	case "zone":
		tasks = append(tasks, task("in "+os.Getenv("TZ"), "shadow"))
	case "foreign":
		delete(hello, "numbers")
	case "about":
		hello["about"] = map[string]any{"pid": fmt.Sprint(os.Getpid())}
	}
	hello["tasks"] = tasks
	w.say(hello)
	if w.is("eager") {
		w.say(map[string]any{"type": "result", "task": "a", "status": "ok"})
	}
}

func (w *byHand) take(m *message) {
	if m.Type == "hello" {
		w.hello()
		return
	}
	if m.Tick != w.tick && !w.is("one tick") {
		w.next(m.Tick)
	}
	if !w.is("old context") || len(w.context) == 0 {
		w.context = w.read(m.Context)
	}
	if w.is("memory") {
		w.kept = append(w.kept, m.Context)
	}
	for _, r := range m.Results {
		if _, there := w.results[r.Task]; there && w.is("first result") {
			continue
		}
		w.put(r)
	}
	tasks := m.Tasks
	switch {
	case w.is("always all"):
		tasks = []string{"a", "b"}
	case w.is("sorted"):
		sort.Strings(tasks)
	case w.is("always answers") && len(tasks) == 0:
		w.say(map[string]any{"type": "result", "task": "a", "status": "ok"})
	}
	for _, task := range tasks {
		w.run(task)
	}
}

func (w *byHand) read(text json.RawMessage) (context map[string]any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if !w.is("floats") {
		decoder.UseNumber()
	}
	if err := decoder.Decode(&context); err != nil {
		panic(err)
	}
	return context
}

// next begins a tick.
func (w *byHand) next(tick int64) {
	w.tick = tick
	if !w.is("keeps previous") {
		w.previous = nil
	}
	for _, name := range w.order {
		if r := w.results[name]; r.Lane == "forecast" || w.is("shadow previous") {
			w.previous = append(w.previous, r)
		}
	}
	if !w.is("keeps results") {
		w.order, w.results = nil, map[string]told1{}
	}
}

func (w *byHand) put(r told1) {
	if _, there := w.results[r.Task]; !there {
		w.order = append(w.order, r.Task)
	}
	w.results[r.Task] = r
}

func (w *byHand) run(task string) {
	r := told1{Task: task, Lane: map[string]string{"c": "shadow"}[task], Status: "ok"}
	if r.Lane == "" {
		r.Lane = "forecast"
	}
	results := []any{}
	for _, name := range w.order {
		results = append(results, []any{name, w.results[name].Value, w.results[name].Error})
	}
	value := map[string]any{"results": fmt.Sprint(len(results), results), "previous": fmt.Sprintf("%.200v", w.previous), echoed: w.context[echoed], "n": len(w.context)}
	switch {
	case w.is("random"):
		value["pid"] = os.Getpid()
	case w.is("zone value"):
		value["zone"] = os.Getenv("TZ")
	case w.is("foreign"):
		value["large"] = json.Number("1" + strings.Repeat("0", 30))
	case w.is("prints"):
		w.out.WriteString("computing\n")
	case w.is("content"):
		w.say(map[string]any{"type": "content", "sha256": strings.Repeat("0", 64), "offset": 0, "length": 1})
	case w.is("status"):
		r.Status = "fine"
	case w.is("blind"):
		value = map[string]any{}
	}
	r.Value = value
	switch {
	case w.is("pid error"):
		r.Status, r.Error = "error", fmt.Sprint("process ", os.Getpid())
	case w.is("address"):
		r.Status, r.Error = "error", "<object at 0x7f30a1b2c3d4>"
	case w.is("path"):
		r.Status, r.Error = "error", "no file "+os.TempDir()+"/x"
	case w.is("time"):
		r.Status, r.Error = "error", "at 2024-01-02 03:04:05"
	}
	answer := map[string]any{"type": "result", "task": task, "status": r.Status}
	if r.Status == "error" {
		r.Value = nil
		answer["error"] = r.Error
	} else {
		answer["value"] = r.Value
	}
	w.put(r)
	w.say(answer)
	if w.is("twice") {
		w.say(answer)
	}
}
