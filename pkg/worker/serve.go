package worker

import (
	"context"
	"errors"
	"fmt"
	"io"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// Serve is a worker in Go: it serves tasks over in and out, standard input and output,
// until in ends. A task comes to the same as in a [scheduler.Scheduler]: the same value,
// status and error text. about says something about the worker, such as its version, and
// is recorded with the run; it may be nil.
//
// The error is for tasks that cannot be added, for what ERS wrote, and for reading and
// writing; nil at the end of the input. When ctx ends, the task that runs is told, its
// answer is not written, and the error is that of ctx; a read that waits is not
// interrupted. Nobody else may write to out: give tasks no way to it.
func Serve(ctx context.Context, in io.Reader, out io.Writer, about map[string]string, tasks ...scheduler.Task) (err error) {
	sched := scheduler.New() // checks the tasks, and closes them
	if err := sched.Add(tasks...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sched.Close()) }()
	s := &server{ctx: ctx, lines: newLines(in, DefaultLimits.Message), out: out,
		tasks: make(map[string]*scheduler.Task, len(tasks)), names: names{}, index: map[string]int{}, now: -1}
	for i := range tasks {
		s.tasks[tasks[i].Name] = &tasks[i]
		s.names[tasks[i].Name] = tasks[i].Name
	}
	if err := s.hello(about, tasks); err != nil {
		return err
	}
	for {
		if err := s.row(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// server is a worker at work.
type server struct {
	ctx     context.Context
	lines   lines
	decoder decoder
	out     io.Writer
	buf     []byte // answers that are not written yet
	tasks   map[string]*scheduler.Task
	names   names

	now      int64 // the tick, -1 before the first
	tick     Tick  // the message
	results  []events.TaskResult
	previous []events.TaskResult
	index    map[string]int // of results, by name
	failed   error          // of asking for content: a task may have swallowed it
}

// hello takes ERS's hello and answers with ours.
func (s *server) hello(about map[string]string, tasks []scheduler.Task) error {
	var limits Limits
	err := s.read(helloType, func() (err error) {
		limits, err = s.decoder.ersHello()
		return err
	})
	if err == io.EOF {
		return errors.New("the input ended before a hello: this is a worker, which ERS starts")
	} else if err != nil {
		return err
	}
	if d := DefaultLimits; limits.Error < d.Error || limits.Message < d.Message || limits.Value < d.Value {
		return fmt.Errorf("the limits %+v of this ERS are lower than %+v, with which this worker was built", limits, d)
	}
	s.lines.limit = limits.Message
	h := Hello{NaN: true, BigInt: true, About: about}
	for _, t := range tasks {
		h.Tasks = append(h.Tasks, Task{t.Name, t.Lane, t.Priority, t.Cost, t.Tags})
	}
	if s.buf, err = AppendWorkerHello(s.buf, &h); err != nil {
		return err
	}
	return s.flush()
}

// row takes a message and runs the tasks that it names. Their answers are written at
// once, when the last is there.
func (s *server) row() error {
	if err := s.read(tickType, func() error { return s.decoder.tick(&s.tick, s.names) }); err != nil {
		return err
	}
	if s.tick.Tick != s.now {
		s.begin(s.tick.Tick)
	}
	for _, r := range s.tick.Results {
		s.put(r)
	}
	for _, name := range s.tick.Tasks {
		if err := s.run(name); err != nil {
			return err
		}
	}
	return s.flush()
}

// begin begins a tick: the forecast results of the one before are the previous ones.
func (s *server) begin(tick int64) {
	s.now = tick
	clear(s.index)
	last := s.results
	s.results = s.previous[:0]
	kept := last[:0]
	for _, r := range last {
		if r.Lane == events.Forecast {
			kept = append(kept, r)
		}
	}
	s.previous = kept
}

// put adds a result to those that the next tasks see, or replaces the one of this name.
func (s *server) put(r events.TaskResult) {
	if i, ok := s.index[r.Name]; ok {
		s.results[i] = r
		return
	}
	s.index[r.Name] = len(s.results)
	s.results = append(s.results, r)
}

func (s *server) run(name string) error {
	task, ok := s.tasks[name]
	if !ok {
		return fmt.Errorf("ERS asks for the task %.60q, which this worker does not have", name)
	}
	n := len(s.results)
	in := scheduler.NewInput(s.now, s.tick.Context, s.results[:n:n], s.previous, s.content)
	r := events.TaskResult{Name: name, Lane: task.Lane}
	r.Status, r.Value, r.Error = task.Attempt(s.ctx, in)
	if s.failed != nil {
		return s.failed
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.put(r)
	var err error
	s.buf, err = AppendResult(s.buf, &Result{name, r.Status, r.Value, r.Error})
	return err
}

// content reads content for a task, in as many pieces as messages allow.
func (s *server) content(sha256 string, offset, length int64) (data []byte, size int64, err error) {
	if !events.IsHash(sha256) || offset < 0 || length < 1 {
		return nil, 0, fmt.Errorf("content %.80q, %d bytes from %d on, cannot be: want a SHA-256 in lower-case hex, an offset >= 0 and a length >= 1", sha256, length, offset)
	}
	for {
		read := int64(len(data))
		g, err := s.ask(ContentRequest{sha256, offset + read, min(length-read, MaxContent)})
		if err != nil {
			s.failed = err
			return nil, 0, err
		}
		data = append(data, g.data...)
		if read = int64(len(data)); len(g.data) == 0 || read == length || offset+read >= g.size {
			return data, g.size, nil
		}
	}
}

// ask asks ERS for a piece of content, in the middle of a row.
func (s *server) ask(c ContentRequest) (g given, err error) {
	s.buf = AppendContentRequest(s.buf, &c)
	if err := s.flush(); err != nil {
		return g, err
	}
	err = s.read(contentType, func() (err error) {
		g, err = s.decoder.given()
		return err
	})
	if err == nil && (g.sha256 != c.SHA256 || g.offset != c.Offset || int64(len(g.data)) > c.Length) {
		err = fmt.Errorf("ERS gave %d bytes from %d on of %.8s, asked for %d from %d on of %.8s", len(g.data), g.offset, g.sha256, c.Length, c.Offset, c.SHA256)
	}
	return g, err
}

// read reads a message.
func (s *server) read(kind string, decode func() error) error {
	line, err := s.lines.next()
	if err != nil {
		return err
	}
	s.decoder.json.Reset(line)
	if err = decode(); err == nil {
		err = s.decoder.json.End()
	}
	if err != nil {
		return s.lines.wrong(kind, err)
	}
	return nil
}

func (s *server) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.out.Write(s.buf)
	if cap(s.buf) > keepSize {
		s.buf = nil
	}
	s.buf = s.buf[:0]
	return err
}
