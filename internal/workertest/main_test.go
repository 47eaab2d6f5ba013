package workertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/worker"
)

// The tests' own program is the worker that they start: with the variable fault it is one
// by hand that does something wrong, or "kit" for package worker's.
const fault = "ERS_WORKERTEST_FAULT"

func TestMain(m *testing.M) {
	switch name, isWorker := os.LookupEnv(fault); {
	case !isWorker:
		os.Exit(m.Run())
	case name == "kit":
		if err := worker.Serve(context.Background(), os.Stdin, os.Stdout, map[string]string{"kit": "go"}, seeing()...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(wrong(name))
	}
}

// seeing are tasks that show all that a task can see.
func seeing() []scheduler.Task {
	list := func(results func(func(scheduler.Result) bool)) []any {
		all := []any{}
		for r := range results {
			all = append(all, []any{r.Name, r.Status.String(), canon.Sum([]byte(r.Value)).String(), r.Error})
		}
		return all
	}
	see := func(_ context.Context, in *scheduler.Input) (any, error) {
		context := any(in.Context())
		if len(in.Context()) > 1000 {
			context = len(in.Context())
		}
		return map[string]any{"context": context, "results": list(in.Results()), "previous": list(in.Previous())}, nil
	}
	fail := func(_ context.Context, in *scheduler.Input) (any, error) {
		if in.Tick()%2 == 1 {
			return nil, scheduler.NotComputable("an odd tick")
		}
		return nil, errors.New("no such thing")
	}
	content := func(_ context.Context, in *scheduler.Input) (any, error) {
		if _, ok := in.Result("ers:command"); !ok {
			return nil, nil
		}
		data, size, err := in.Content(contentHash, 2, 100)
		return []any{string(data), size}, err
	}
	return []scheduler.Task{
		{Name: "fail", Priority: -1, Run: fail},
		{Name: "see", Cost: events.Budget{Ops: 3, Entropy: 1}, Tags: []string{"a"}, Run: see},
		{Name: "content", Priority: 1, Run: content},
		{Name: "see again", Priority: 2, Run: see},
		{Name: "shadow", Lane: events.Shadow, Run: see},
	}
}
