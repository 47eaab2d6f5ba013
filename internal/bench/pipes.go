package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/worker"
)

// pipe is a process that is told ticks by a pipe, and nothing around it.
type pipe struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	from  *bufio.Reader
	words *worker.Reader // over from, where it is a worker
	names []string       // of the tasks of a tick

	ready  func(*pipe) error // waits until it has started
	answer func(*pipe) error // reads all that it answers to a tick
}

// pipes are processes side by side.
type pipes []*pipe

// startPipes starts processes and waits until all of them are ready.
func startPipes(ctx context.Context, n int, command []string, kind pipe) (all pipes, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, all.close())
		}
	}()
	for range n {
		p := kind
		p.cmd = exec.CommandContext(ctx, command[0], command[1:]...)
		p.cmd.Env = append(os.Environ(), worker.Variable+"="+worker.Protocol)
		if p.in, err = p.cmd.StdinPipe(); err != nil {
			return all, err
		}
		out, err := p.cmd.StdoutPipe()
		if err == nil {
			err = p.cmd.Start()
		}
		if err != nil {
			return all, err
		}
		p.from = bufio.NewReaderSize(out, 64<<10)
		all = append(all, &p)
	}
	return all, all.each(func(p *pipe) error { return p.ready(p) })
}

// each does something with all of them at once.
func (all pipes) each(do func(*pipe) error) error {
	var group errgroup.Group
	for _, p := range all {
		group.Go(func() error { return do(p) })
	}
	return group.Wait()
}

// run tells each of them so many ticks, the next one when it has answered.
func (all pipes) run(ticks int64) error {
	return all.each(func(p *pipe) error {
		var message []byte
		for tick := range ticks {
			var err error
			t := worker.Tick{Tick: tick, Context: workerContext, Tasks: p.names}
			if message, err = worker.AppendTick(message[:0], &t); err != nil {
				return err
			}
			if _, err = p.in.Write(message); err == nil {
				err = p.answer(p)
			}
			if err != nil {
				return fmt.Errorf("%s at the end of a pipe: tick %d: %w", p.cmd.Path, tick, err)
			}
		}
		return nil
	})
}

// close lets them end, and waits until they have.
func (all pipes) close() error {
	return all.each(func(p *pipe) error { return errors.Join(p.in.Close(), p.cmd.Wait()) })
}

// barePipe is a process that answers each tick with one line.
func barePipe(names []string) pipe {
	line := func(p *pipe) error {
		line, err := p.from.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = errors.New("the answer is longer than it can be")
		}
		if err == nil {
			_, err = canon.Parse(line)
		}
		return err
	}
	return pipe{names: names, ready: line, answer: line}
}

// workerPipe is a worker that is asked as ERS does it.
func workerPipe(names []string) pipe {
	return pipe{names: names, ready: func(p *pipe) error {
		p.words = worker.NewReader(p.from, worker.DefaultLimits)
		_, err := p.in.Write(worker.AppendHello(nil, worker.DefaultLimits))
		if err == nil {
			_, err = p.words.Hello()
		}
		return err
	}, answer: func(p *pipe) error {
		for range p.names {
			if _, err := p.words.Next(); err != nil {
				return err
			}
		}
		return nil
	}}
}
