package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// emptyTasks is a program of so many tasks that do nothing: half of them in each
// lane, each paid for, each returning the number of the tick. The Python way has the
// same.
type emptyTasks int

func (n emptyTasks) Context(int64) canon.Value { return canon.Null }

func (n emptyTasks) Scheduler() (*scheduler.Scheduler, error) {
	tasks := n.tasks()
	s := scheduler.New()
	return s, s.Add(tasks...)
}

func (n emptyTasks) NewRun(vary.Run) (coordinator.Run, error) { return n.Scheduler() }

func (n emptyTasks) tasks() []scheduler.Task {
	tasks := make([]scheduler.Task, n)
	for i := range tasks {
		tasks[i] = scheduler.Task{Name: fmt.Sprintf("task:%05d", i), Lane: events.Lane(i * 2 / int(n)), Priority: int64(i),
			Cost: scheduler.Cost{Ops: 1}, Tags: []string{"bench"},
			Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Tick(), nil }}
	}
	return tasks
}

// inOneLane is the same with all of them in the forecast lane: a run has one process then.
func (n emptyTasks) inOneLane() []scheduler.Task {
	tasks := n.tasks()
	for i := range tasks {
		tasks[i].Lane = events.Forecast
	}
	return tasks
}

// budgets pay for all tasks.
func (n emptyTasks) budgets() events.Budgets {
	b := events.Budget{Ops: int64(n), Entropy: int64(n)}
	return events.Budgets{Forecast: b, Shadow: b}
}

// ticks runs so many ticks.
func (n emptyTasks) ticks(count int) ([]events.Tick, error) {
	s, err := n.Scheduler()
	if err != nil {
		return nil, err
	}
	ticks := make([]events.Tick, count)
	for i := range ticks {
		t, err := s.Tick(context.Background(), int64(i), n.budgets(), canon.Null)
		if err != nil {
			return nil, err
		}
		ticks[i] = t.Tick
	}
	return ticks, nil
}

// The pipeline's name says how many tasks it has: that is all of its definition.
const pipelinePrefix = "bench-"

func (n emptyTasks) pipeline() string { return pipelinePrefix + strconv.Itoa(int(n)) }

// kind of the definitions, so that no coordinator but ours takes the windows.
const kind = "bench"

// tasksOf is the reverse of pipeline. It returns what stands behind the number, too.
func tasksOf(pipeline string) (n emptyTasks, rest string, err error) {
	text, ok := strings.CutPrefix(pipeline, pipelinePrefix)
	text, rest, _ = strings.Cut(text, "-")
	number, err := strconv.Atoi(text)
	if !ok || err != nil || number < 1 {
		return 0, "", fmt.Errorf("pipeline %s: want %sN", pipeline, pipelinePrefix)
	}
	return emptyTasks(number), rest, nil
}

func loadTasks(_ context.Context, r *events.WindowRequest) (coordinator.Program, error) {
	n, _, err := tasksOf(r.Pipeline)
	return n, err
}

// shape is what windows are made of.
type shape struct {
	emptyTasks
	runs  int
	ticks int64 // of each run
	way   *way  // of the bus alone; nil: the whole pipeline
}

func (s shape) pipeline() string {
	if s.way != nil {
		return s.emptyTasks.pipeline() + "-" + s.way.String()
	}
	return s.emptyTasks.pipeline()
}

// window is the shape of most windows here.
func (n emptyTasks) window(ticks int64) shape { return shape{emptyTasks: n, runs: Runs, ticks: ticks} }

func (s shape) events() int64 { return int64(s.emptyTasks) * int64(s.runs) * s.ticks }

// ask asks a bus for a window of the shape.
func (s shape) ask(ctx context.Context, b *bus.Bus) (events.WindowKey, error) {
	nothing := canon.Sum(nil).String()
	return client.Request(ctx, b, &events.WindowRequest{Schema: events.WindowSchema, Kind: kind, Pipeline: s.pipeline(),
		DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: s.runs, Ticks: s.ticks, Budget: s.budgets()})
}
