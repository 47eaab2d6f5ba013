package exec

import (
	"context"
	"fmt"
	"io"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/vary"
	"abraxas.dev/ers/pkg/worker"
)

// ask returns the worker's answer for a task. With the first task of a row all of the row
// are asked for.
func (s *server) ask(ctx context.Context, t *task, in *scheduler.Input) (worker.Result, error) {
	if s.taken == len(s.answers) {
		if err := s.warmUp(ctx, t, in); err != nil {
			return worker.Result{}, err
		}
		if err := s.askRow(ctx, t, in); err != nil {
			return worker.Result{}, err
		}
	}
	s.taken++
	return s.answers[s.taken-1], nil
}

// warmUp asks for the first tasks of a run once before it asks for them, where that is
// varied.
func (s *server) warmUp(ctx context.Context, t *task, in *scheduler.Input) error {
	if s.warm || !s.variation.Varied(vary.Warm) {
		return nil
	}
	s.warm = true
	err := s.askRow(ctx, t, in)
	s.answers, s.taken = s.answers[:0], 0
	s.session.Again()
	return err
}

// askRow asks for a task and those after it that the worker can be asked for together.
func (s *server) askRow(ctx context.Context, t *task, in *scheduler.Input) error {
	s.row(t, in)
	s.said.during(t.Name)
	results, previous := in.Seen()
	var err error
	s.buffer, err = s.session.AppendRow(s.buffer[:0], &worker.Row{Tick: in.Tick(), Context: in.Context(), Previous: previous, Results: results, Tasks: s.names})
	if err != nil {
		return fmt.Errorf("task %q: %w", t.Name, err)
	}
	if most := worker.DefaultLimits.Message; len(s.buffer) > most {
		return fmt.Errorf("task %q: what it is to see takes %d bytes, and a worker is told at most %d at a time", t.Name, len(s.buffer), most)
	}
	if err := s.digestible(t, in); err != nil {
		return err
	}
	return s.within(ctx, func() error {
		if _, err := s.in.Write(s.buffer); err != nil {
			return err
		}
		return s.receive(ctx)
	})
}

// row finds the names of the tasks in a row. It ends behind a task with rules, whose value
// the next one sees as the rules have made it.
func (s *server) row(t *task, in *scheduler.Input) {
	s.names = append(s.names[:0], t.Name)
	if len(t.Rules) > 0 {
		return
	}
	for name := range in.Ahead() {
		next := s.program.tasks[name]
		if next.Worker != s.key.worker {
			return
		}
		s.names = append(s.names, name)
		if len(next.Rules) > 0 {
			return
		}
	}
}

// receive reads the answers to a row, and answers what is asked meanwhile.
func (s *server) receive(ctx context.Context) error {
	s.answers, s.taken = s.answers[:0], 0
	for len(s.answers) < len(s.names) {
		a, err := s.from.Next()
		if err != nil {
			return err
		}
		if a.Content != nil {
			if err := s.give(ctx, a.Content); err != nil {
				return err
			}
			continue
		}
		if want := s.names[len(s.answers)]; a.Result.Task != want {
			return s.from.Refuse("an answer for task %q, and it is the turn of %q", a.Result.Task, want)
		}
		s.session.Answered(a.Result)
		s.answers = append(s.answers, *a.Result)
	}
	return nil
}

// give gives the process bytes of a content.
func (s *server) give(ctx context.Context, c *worker.ContentRequest) error {
	f, err := s.program.contentFile(ctx, c.SHA256)
	if err != nil {
		return s.from.Refuse("content %s: %v", c.SHA256, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	data := make([]byte, max(0, min(c.Length, info.Size()-c.Offset)))
	if _, err := f.ReadAt(data, c.Offset); err != nil && err != io.EOF {
		return err
	}
	_, err = s.in.Write(worker.AppendContent(nil, c.SHA256, c.Offset, info.Size(), data))
	return err
}

// digestible makes sure that the worker takes the numbers that it is about to be told.
func (s *server) digestible(t *task, in *scheduler.Input) error {
	refuse := func(what string, v canon.Value) error {
		if pointer, found := worker.Foreign(v, s.hello.NaN, s.hello.BigInt); found {
			return fmt.Errorf("worker %q takes no NaN, infinity or integer beyond 2^53 that it does not list in its hello, and task %q is to see one: %s at %q", s.key.worker, t.Name, what, pointer)
		}
		return nil
	}
	if s.hello.NaN && s.hello.BigInt {
		return nil
	}
	if err := refuse("the context", in.Context()); err != nil {
		return err
	}
	results, _ := in.Seen()
	for i := range results {
		if err := refuse(fmt.Sprintf("the value of task %q", results[i].Name), results[i].Value); err != nil {
			return err
		}
	}
	return nil
}
