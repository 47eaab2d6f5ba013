package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// What tasks see in workers is what they see in a scheduler, however they are spread,
// and also where a rule changes what some of them returned.
func TestWorkersAreLikeAScheduler(t *testing.T) {
	tasks := tasksOf(23)
	ruled := func(v any) canon.Value {
		value, err := canon.Of([]any{"ruled", v})
		if err != nil {
			t.Error(err)
		}
		return value
	}
	changes := map[string]bool{}
	s := scheduler.New()
	for i, task := range tasks {
		if i%2 == 0 {
			changes[task.Name] = true
			run := task.Run
			task.Run = func(stop context.Context, in *scheduler.Input) (any, error) {
				v, err := run(stop, in)
				return ruled(v), err
			}
		}
		if err := s.Add(task); err != nil {
			t.Fatal(err)
		}
	}
	all := make([]*workers, 5)
	for i := range all {
		all[i] = startAll(t, i+1, tasks)
		all[i].ruled = changes
		all[i].rule = func(r *events.TaskResult) {
			if r.Status == events.OK && changes[r.Name] {
				r.Value = ruled(r.Value)
			}
		}
	}
	for tick := int64(1); tick < 15; tick++ {
		budgets := events.Budgets{Forecast: events.Budget{Ops: 10 * (tick % 7)}, Shadow: events.Budget{Ops: 5 * (tick % 4)}}
		value := canon.Value(fmt.Sprintf(`{"n":%d}`, tick))
		want, err := s.Tick(context.Background(), tick, budgets, value)
		if err != nil {
			t.Fatal(err)
		}
		for n, w := range all {
			for i, got := range w.run(tick, budgets, value) {
				got.CostOps, got.CostEntropy = want.Results[i].CostOps, want.Results[i].CostEntropy
				if got != want.Results[i] {
					t.Fatalf("%d workers, tick %d, result %d:\n got %+v\nwant %+v", n+1, tick, i, got, want.Results[i])
				}
			}
		}
	}
	for _, w := range all {
		w.stop()
	}
}

func TestContent(t *testing.T) {
	whole := []byte(strings.Repeat("0123456789", 1_200_000)) // two messages
	sum := sha256.Sum256(whole)
	name := hex.EncodeToString(sum[:])
	p := start(t, scheduler.Task{Name: "first", Run: func(context.Context, *scheduler.Input) (any, error) { return 1, nil }},
		scheduler.Task{Name: "reads", Run: func(_ context.Context, in *scheduler.Input) (any, error) {
			all, size, err := in.Content(name, 0, 1<<40)
			if err != nil || size != int64(len(whole)) || string(all) != string(whole) {
				return nil, fmt.Errorf("%d of %d bytes, %v", len(all), size, err)
			}
			end, _, err := in.Content(name, size-3, 10)
			if err != nil {
				return nil, err
			}
			if _, _, err := in.Content("../x", 0, 1); err == nil {
				return nil, errors.New("content without a hash")
			}
			return string(end), nil
		}})
	p.stored[name] = whole
	got := p.run(&Row{Context: "{}", Tasks: []string{"first", "reads"}})
	if got[0].Value != "1" || got[1].Value != `"789"` {
		t.Errorf("got %+v", got)
	}
	p.stop()
}

// What ERS must not write ends a worker, with an error that says what it was.
func TestServeRefuses(t *testing.T) {
	hello := string(AppendHello(nil, DefaultLimits))
	task := scheduler.Task{Name: "a", Run: func(_ context.Context, in *scheduler.Input) (any, error) {
		in.Content(strings.Repeat("0", 64), 0, 1) // its error does not have to be looked at
		return nil, nil
	}}
	tick := func(more string) string {
		return `{"context":{},"results":[],"tasks":[` + more + `],"tick":0,"type":"tick"}` + "\n"
	}
	for input, want := range map[string]string{
		"":     "the input ended before a hello: this is a worker, which ERS starts",
		hello:  "",
		"{}\n": "line 1: hello: /limits: missing",
		"hi\n": "line 1: hello: column 1: unexpected 'h': want an object",
		`{"limits":{"error":1,"message":2,"value":3},"protocol":"ers-worker/1","type":"hello"}` + "\n": "the limits {Error:1 Message:2 Value:3} of this ERS are lower than",
		`{"limits":{"error":1,"message":2,"value":3},"protocol":"ers-worker/2","type":"hello"}` + "\n": `line 1: hello: /protocol: "ers-worker/2" where ers-worker/1 belongs`,
		hello + tick(`"b"`):                              `ERS asks for the task "b", which this worker does not have`,
		hello + tick(``) + "{}\n":                        "line 3: tick: /context: missing",
		hello + tick(``)[:20]:                            "line 2: unexpected EOF: the last line has no \\n",
		hello + tick(`"a"`):                              "", // the end of the input while a task waits for content
		hello + tick(`"a"`) + tick(``):                   `line 3: content: /type: "tick" where content belongs`,
		hello + strings.Replace(tick(``), `{}`, `[]`, 1): `line 2: tick: /context: want an object, found "[]"`,
		hello + strings.Replace(tick(``), `:[]`, `:[{"error":"","lane":"forecast","status":"fine","task":"x","value":null}]`, 1): `line 2: tick: /results/0/status: unknown status "fine"`,
	} {
		err := Serve(context.Background(), strings.NewReader(input), io.Discard, nil, task)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s\n got %v\nwant %s", input, err, want)
		}
	}
	if err := Serve(context.Background(), strings.NewReader(hello), io.Discard, nil, task, task); err == nil {
		t.Error("two tasks of one name were taken")
	}
}

func TestServeStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	closed := 0
	var out strings.Builder
	input := string(AppendHello(nil, DefaultLimits)) + `{"context":{},"results":[],"tasks":["a"],"tick":0,"type":"tick"}` + "\n"
	err := Serve(ctx, strings.NewReader(input), &out, nil, scheduler.Task{Name: "a", Close: func() error { closed++; return nil },
		Run: func(stop context.Context, in *scheduler.Input) (any, error) {
			cancel()
			<-stop.Done()
			return 1, nil
		}})
	if !errors.Is(err, context.Canceled) || closed != 1 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%v, closed %d times, wrote %q", err, closed, out.String())
	}
}

func BenchmarkServe(b *testing.B) {
	const n = 50
	var names []string
	var tasks []scheduler.Task
	for i := range n {
		names = append(names, fmt.Sprintf("oracle:signal%d", i))
		tasks = append(tasks, scheduler.Task{Name: names[i], Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Tick() + int64(i), nil }})
	}
	in, toWorker, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	fromWorker, out, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(context.Background(), in, out, nil, tasks...) }()
	buf := AppendHello(nil, DefaultLimits)
	toWorker.Write(buf)
	r := NewReader(fromWorker, DefaultLimits)
	if _, err := r.Hello(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	tick := int64(0)
	for b.Loop() {
		buf, err = AppendTick(buf[:0], &Tick{tick, `{"n":1}`, nil, names})
		if err != nil {
			b.Fatal(err)
		}
		toWorker.Write(buf)
		for range names {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
		tick++
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "events/s")
	toWorker.Close()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
