package workertest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// suite is what the checks know of the worker.
type suite struct {
	ctx      context.Context
	options  Options
	hello    *worker.Hello
	helloErr error  // why there is none
	broken   string // the check that it breaks

	tasks  []string // what most checks ask for: the tasks of the forecast lane in their order, or of shadow when there are none
	shadow []string // of the shadow lane

	results  func() (*probe, error) // a task that shows results
	previous func() (*probe, error) // one that shows previous results
}

const noHello = "there is no hello that is understood"

func newSuite(ctx context.Context, o Options) *suite {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if len(o.Contexts) == 0 {
		o.Contexts = []canon.Value{"{}"}
	}
	s := &suite{ctx: ctx, options: o}
	s.results = sync.OnceValues(s.seesResults)
	s.previous = sync.OnceValues(func() (*probe, error) { return s.seesPrevious(s.all()) })
	return s
}

// context returns the i-th of the contexts that the tasks can work with.
func (s *suite) context(i int64) canon.Value {
	return s.options.Contexts[i%int64(len(s.options.Contexts))]
}

// open starts a worker that has said hello. Whoever opens it discards it.
func (s *suite) open(more ...string) (*process, error) {
	if s.hello == nil {
		return nil, unseen(noHello)
	}
	p, _, err := s.greet(worker.DefaultLimits, more...)
	return p, err
}

func (s *suite) greet(l worker.Limits, more ...string) (*process, *worker.Hello, error) {
	p, err := start(s.ctx, &s.options, more...)
	if err != nil {
		return nil, nil, err
	}
	err = p.write(worker.AppendHello(nil, l))
	var hello *worker.Hello
	if err == nil {
		err = p.wait(p.timeout)
	}
	if err == nil {
		hello, err = p.reader.Hello()
		err = p.read(err)
	}
	if err != nil {
		p.discard()
		return nil, nil, err
	}
	return p, hello, nil
}

// tick is a message of a tick with one of the contexts.
func (s *suite) tick(n int64, tasks []string, results ...events.TaskResult) worker.Tick {
	return worker.Tick{Tick: n, Context: s.context(n), Results: results, Tasks: tasks}
}

// told is a result that the worker is told.
func told(name string, value canon.Value) events.TaskResult {
	return events.TaskResult{Name: name, Value: value}
}

// ask writes messages at once and reads the answers to all of them.
func (s *suite) ask(p *process, messages ...worker.Tick) ([]worker.Result, error) {
	var text []byte
	var tasks []string
	for i := range messages {
		var err error
		if text, err = worker.AppendTick(text, &messages[i]); err != nil {
			return nil, err
		}
		tasks = append(tasks, messages[i].Tasks...)
	}
	if err := p.write(text); err != nil {
		return nil, err
	}
	return p.answers(tasks)
}

// answers reads an answer for each task, and gives the worker the content that it asks
// for.
func (p *process) answers(tasks []string) ([]worker.Result, error) {
	results := make([]worker.Result, 0, len(tasks))
	for len(results) < len(tasks) {
		if err := p.wait(p.timeout); err != nil {
			return nil, err
		}
		a, err := p.reader.Next()
		if err != nil {
			return nil, fmt.Errorf("answer %d of %d, of the task %q: %w", len(results)+1, len(tasks), tasks[len(results)], p.read(err))
		}
		if a.Content != nil {
			if err := p.give(a.Content); err != nil {
				return nil, err
			}
			continue
		}
		if want := tasks[len(results)]; a.Result.Task != want {
			return nil, p.reader.Refuse("it answers for the task %q where %q has its turn", a.Result.Task, want)
		}
		results = append(results, *a.Result)
	}
	return results, nil
}

// give answers a content request.
func (p *process) give(c *worker.ContentRequest) error {
	if c.SHA256 != contentHash {
		return p.reader.Refuse("it asks for a content that no result names")
	}
	p.requests++
	size := int64(len(contentText))
	from := min(c.Offset, size)
	return p.write(worker.AppendContent(nil, c.SHA256, c.Offset, size, []byte(contentText[from:min(from+c.Length, size)])))
}

// play starts a worker, asks it each message by itself, and returns the answers to the
// last one.
func (s *suite) play(messages ...worker.Tick) ([]worker.Result, error) {
	all, err := s.playAll(nil, messages...)
	if err != nil {
		return nil, err
	}
	return all[len(all)-1], nil
}

// playAll is play for the answers to all messages, with more variables.
func (s *suite) playAll(more []string, messages ...worker.Tick) (all [][]worker.Result, err error) {
	p, err := s.open(more...)
	if err != nil {
		return nil, err
	}
	defer p.discard()
	for i := range messages {
		results, err := s.ask(p, messages[i])
		if err != nil {
			return nil, fmt.Errorf("message %d, tick %d: %w", i+1, messages[i].Tick, err)
		}
		all = append(all, results)
	}
	return all, nil
}

// differ says where two lists of answers to the same tasks differ first; "" when they
// do not.
func differ(a, b []worker.Result) string {
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("task %q: %s, then %s", a[i].Task, show(&a[i], &b[i]), show(&b[i], &a[i]))
		}
	}
	return ""
}

// show writes an answer, around where it leaves the other one.
func show(r, other *worker.Result) string {
	text, against := r.Error, other.Error
	if r.Status == events.OK {
		text, against = string(r.Value), string(other.Value)
	}
	i := 0
	for i < min(len(text), len(against)) && text[i] == against[i] {
		i++
	}
	from, to := max(0, i-40), min(len(text), i+40)
	cut := strings.ToValidUTF8(text[from:to], "")
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += "…"
	}
	return fmt.Sprintf("%s %s", r.Status, cut)
}

// inOrder returns the names of a lane's tasks in the order in which they run.
func inOrder(tasks []worker.Task, lane events.Lane) []string {
	own := slices.DeleteFunc(slices.Clone(tasks), func(t worker.Task) bool { return t.Lane != lane })
	slices.SortFunc(own, func(a, b worker.Task) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Name, b.Name))
	})
	names := make([]string, len(own))
	for i, t := range own {
		names[i] = t.Name
	}
	return names
}
