package worker

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// process is a worker in this process, with ERS's side of it.
type process struct {
	t      *testing.T
	in     *io.PipeWriter
	out    *Reader
	hello  *Hello
	ended  chan error
	is     Session
	buf    []byte
	stored map[string][]byte // contents, by SHA-256
}

// start starts a worker and takes its hello.
func start(t *testing.T, tasks ...scheduler.Task) *process {
	t.Helper()
	in, toWorker := io.Pipe()
	fromWorker, out := io.Pipe()
	p := &process{t: t, in: toWorker, out: NewReader(fromWorker, DefaultLimits), ended: make(chan error, 1), stored: map[string][]byte{}}
	go func() {
		err := Serve(context.Background(), in, out, map[string]string{"kit": "go test"}, tasks...)
		out.Close()
		in.Close()
		p.ended <- err
	}()
	p.write(AppendHello(nil, DefaultLimits))
	var err error
	if p.hello, err = p.out.Hello(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) write(b []byte) {
	p.t.Helper()
	if _, err := p.in.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// stop ends the run.
func (p *process) stop() {
	p.t.Helper()
	p.in.Close()
	if err := <-p.ended; err != nil {
		p.t.Error(err)
	}
}

// run sends a row and reads the answers to it.
func (p *process) run(row *Row) []Result {
	p.t.Helper()
	var err error
	if p.buf, err = p.is.AppendRow(p.buf[:0], row); err != nil {
		p.t.Fatal(err)
	}
	p.write(p.buf)
	results := make([]Result, 0, len(row.Tasks))
	for len(results) < len(row.Tasks) {
		a, err := p.out.Next()
		if err != nil {
			p.t.Fatal(err)
		}
		if c := a.Content; c != nil {
			whole := p.stored[c.SHA256]
			part := whole[c.Offset:min(c.Offset+c.Length, int64(len(whole)))]
			p.write(AppendContent(nil, c.SHA256, c.Offset, int64(len(whole)), part))
			continue
		}
		if want := row.Tasks[len(results)]; a.Result.Task != want {
			p.t.Fatalf("an answer of task %q, want %q", a.Result.Task, want)
		}
		p.is.Answered(a.Result)
		results = append(results, *a.Result)
	}
	return results
}

// seen returns all that a task is shown.
func seen(_ context.Context, in *scheduler.Input) (any, error) {
	list := func(results func(func(scheduler.Result) bool)) []any {
		all := []any{}
		for r := range results {
			all = append(all, []any{r.Name, r.Status.String(), r.Value, r.Error})
		}
		return all
	}
	hash := func(list []any) any { // short, as each value holds all before it
		v, err := canon.Of(list)
		if err != nil {
			panic(err)
		}
		return []any{len(list), canon.Sum([]byte(v)).String()}
	}
	return map[string]any{"tick": in.Tick(), "context": in.Context(), "results": hash(list(in.Results())), "previous": hash(list(in.Previous()))}, nil
}

// tasksOf makes a pipeline of tasks of which every one shows what it sees, and some fail.
func tasksOf(n int) []scheduler.Task {
	tasks := make([]scheduler.Task, n)
	for i := range tasks {
		run := seen
		switch i % 5 {
		case 3:
			run = func(_ context.Context, in *scheduler.Input) (any, error) {
				panic(fmt.Sprintf("tick %d", in.Tick()))
			}
		case 4:
			run = func(_ context.Context, in *scheduler.Input) (any, error) {
				return nil, scheduler.NotComputable("no data")
			}
		}
		tasks[i] = scheduler.Task{Name: fmt.Sprintf("task %02d", i), Lane: events.Lane(i % 3 / 2), Priority: int64(i % 4), Cost: events.Budget{Ops: int64(1 + i%7)}, Run: run}
	}
	return tasks
}

// workers runs a pipeline's ticks over workers as ERS does: task i is a task of worker
// i % n, with a process for each lane.
type workers struct {
	tasks     []scheduler.Task // in their order
	processes map[int]*process
	of        map[string]int
	previous  []events.TaskResult
	ruled     map[string]bool          // tasks that have a rule
	rule      func(*events.TaskResult) // changes what was answered
}

func startAll(t *testing.T, n int, tasks []scheduler.Task) *workers {
	w := &workers{processes: map[int]*process{}, of: map[string]int{}, rule: func(*events.TaskResult) {}}
	parts := make([][]scheduler.Task, n)
	for i, task := range tasks {
		w.of[task.Name] = i%n*2 + int(task.Lane)
		parts[i%n] = append(parts[i%n], task)
	}
	for i := range parts {
		for lane := range 2 {
			w.processes[i*2+lane] = start(t, parts[i]...)
		}
	}
	w.tasks = slices.Clone(tasks)
	slices.SortFunc(w.tasks, func(a, b scheduler.Task) int {
		return cmpOr(int64(a.Lane)-int64(b.Lane), a.Priority-b.Priority, int64(slices.Compare([]byte(a.Name), []byte(b.Name))))
	})
	return w
}

func cmpOr(numbers ...int64) int {
	for _, n := range numbers {
		if n != 0 {
			return int(n)
		}
	}
	return 0
}

func (w *workers) stop() {
	for _, p := range w.processes {
		p.stop()
	}
}

func (w *workers) run(number int64, budgets events.Budgets, value canon.Value) []events.TaskResult {
	var results []events.TaskResult
	for i := 0; i < len(w.tasks); {
		worker := w.of[w.tasks[i].Name]
		row := &Row{Tick: number, Context: value, Previous: w.previous, Results: results}
		lane := w.tasks[i].Lane
		// A row ends where another worker has its turn, where a task is skipped, and behind
		// one whose value a rule changes: the next task must see what came of it.
		var skipped []events.TaskResult
		changed := false
		for ; i < len(w.tasks) && w.of[w.tasks[i].Name] == worker && skipped == nil && !changed; i++ {
			task, budget := w.tasks[i], &budgets.Forecast
			if task.Lane == events.Shadow {
				budget = &budgets.Shadow
			}
			if task.Cost.Ops > budget.Ops {
				skipped = append(skipped, events.TaskResult{Name: task.Name, Lane: task.Lane, Status: events.SkippedBudget, Value: canon.Null})
				continue
			}
			budget.Ops -= task.Cost.Ops
			row.Tasks = append(row.Tasks, task.Name)
			changed = w.ruled[task.Name]
		}
		if len(row.Tasks) > 0 {
			for _, r := range w.processes[worker].run(row) {
				result := events.TaskResult{Name: r.Task, Lane: lane, Status: r.Status, Value: r.Value, Error: r.Error}
				w.rule(&result)
				results = append(results, result)
			}
		}
		results = append(results, skipped...)
	}
	w.previous = slices.DeleteFunc(slices.Clone(results), func(r events.TaskResult) bool { return r.Lane == events.Shadow })
	return results
}
