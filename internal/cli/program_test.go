package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"abraxas.dev/ers/internal/cli"
	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/worker"
)

// Programs with tasks of their own, for the scripts: words, words that was changed since,
// one that drifts, and some with mistakes.
func init() {
	tasks := func(ops int64) []ers.Task {
		return []ers.Task{
			{Name: "count", Cost: ers.Cost{Ops: ops}, Tags: []string{"text"}, Run: count},
			{Name: "seen", Priority: 1, New: seen},
			{Name: "check", Lane: ers.Shadow, Cost: ers.Cost{Ops: 1}, Run: check},
		}
	}
	for name, p := range map[string]ers.Pipeline{
		"words":    {Name: "words", Tasks: tasks(10)},
		"newwords": {Name: "words", Tasks: tasks(11)},
		"unnamed":  {Tasks: tasks(10)},
		"drift":    {Name: "drift", Tasks: append(tasks(1), ers.Task{Name: "names", Run: names}), Contexts: []map[string]any{{"text": "a b c"}}},
		"clock":    {Name: "clock", Tasks: []ers.Task{{Name: "now", Ignore: []string{"value#json:/at"}, Run: now}}},
		"failing":  {Name: "failing", Tasks: []ers.Task{{Name: "fails", Run: fails}}},
		"none":     {Name: "none"},
		"idle":     {Name: "idle", Tasks: []ers.Task{{Name: "a"}}},
		"torn":     {Name: "torn", Tasks: []ers.Task{{Name: "a", Run: check, New: seen}}},
		"twice":    {Name: "twice", Tasks: []ers.Task{{Name: "a", Run: check}, {Name: "a", Run: check}}},
		"ruled":    {Name: "ruled", Tasks: []ers.Task{{Name: "a", Run: check, Round: []string{"value#json:score"}}}},
		"odd":      {Name: "odd", Tasks: []ers.Task{{Name: "a", Run: check}}, Contexts: []map[string]any{{"x": make(chan int)}}},
		"hasty":    {Name: "hasty", Tasks: []ers.Task{{Name: "a", Run: check}}, Runs: 1},
	} {
		cli.Programs[name] = p.Main
	}
	cli.Programs["worker"] = serve
}

// serve is a worker of a task that shows what it sees.
func serve() {
	task := scheduler.Task{Name: "see", Lane: events.Forecast, Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Context(), nil }}
	if err := worker.Serve(context.Background(), os.Stdin, os.Stdout, nil, task); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func count(ctx *ers.Ctx) (any, error) {
	var in struct{ Text string }
	if err := ctx.Decode(&in); err != nil {
		return nil, err
	}
	fmt.Println("counted") // which must not get into the protocol of a worker
	return len(strings.Fields(in.Text)), nil
}

// seen counts the words of all ticks of a run.
func seen() func(*ers.Ctx) (any, error) {
	total := 0
	return func(ctx *ers.Ctx) (any, error) {
		var n int
		r, _ := ctx.Result("count")
		err := ers.Decode(r.Value, &n)
		total += n
		return total, err
	}
}

func check(ctx *ers.Ctx) (any, error) {
	before, ok := ctx.Previous("count")
	if !ok {
		return nil, ers.ErrNotComputable("there is no tick before")
	}
	return before.Value, nil
}

// names lists the keys of a map in the order of the map.
func names(*ers.Ctx) (any, error) {
	m := map[string]bool{}
	for i := range 40 {
		m[fmt.Sprint("name ", i)] = true
	}
	var list []string
	for name := range m {
		list = append(list, name)
	}
	return list, nil
}

func now(*ers.Ctx) (any, error) {
	return map[string]any{"at": time.Now().UnixNano(), "pid": os.Getpid()}, nil
}

func fails(*ers.Ctx) (any, error) { return nil, errors.New("no such table") }
