package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
	"abraxas.dev/ers/pkg/worker"
)

// server is a worker's process, which serves a run's tasks of a lane.
type server struct {
	key     serverKey
	site    *site
	program *Program
	log     zerolog.Logger

	variation *variation
	place     *place
	process   *process.Process
	in        *os.File // its standard input
	out       *os.File // its standard output
	from      *worker.Reader
	hello     *worker.Hello
	said      *tail // its standard error
	session   worker.Session
	buffer    []byte
	names     []string        // of the row that is asked for
	answers   []worker.Result // to the row
	taken     int             // of these
	warm      bool            // it was asked for its first tasks before
}

// start starts the process and waits for its hello.
func (s *server) start(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	s.from = worker.NewReader(s.out, worker.DefaultLimits)
	err := s.within(ctx, func() error {
		if _, err := s.in.Write(worker.AppendHello(nil, worker.DefaultLimits)); err != nil {
			return err
		}
		var err error
		s.hello, err = s.from.Hello()
		return err
	})
	if err != nil {
		return fmt.Errorf("before its hello %w", err)
	}
	return s.program.declares(s.key.worker, s.hello)
}

// launch starts the process. The ends of its pipes are ours, the others its own alone.
func (s *server) launch(ctx context.Context) (err error) {
	if s.place, err = s.program.newPlace(ctx, s.site.files, s.variation); err != nil {
		return err
	}
	var theirs [3]*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close() // the nil file says that it is one
		}
	}()
	var said *os.File
	if theirs[0], s.in, err = os.Pipe(); err == nil {
		if s.out, theirs[1], err = os.Pipe(); err == nil {
			said, theirs[2], err = os.Pipe()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	varied := s.variation.process()
	s.process, err = process.Start(ctx, process.Spec{
		Command: s.site.argv(s.place.dir), Env: s.environment(), Dir: s.place.dir,
		Stdin: theirs[0], Stdout: theirs[1], Stderr: theirs[2],
		Overlay: s.place.overlay, Binds: s.place.allBinds(), Network: network(s.site.Network),
		Hide: s.place.allHidden(s.program.Hide), Memory: s.site.Memory,
		Threads: s.site.MostProcesses(), Scratch: s.place.private, Written: s.site.MostDisk(), Varied: varied,
	})
	if err != nil {
		_, _, _ = s.in.Close(), s.out.Close(), said.Close()
		if errors.Is(err, process.ErrUnavailable) {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return fmt.Errorf("worker %q: %w", s.key.worker, err)
	}
	s.variation.had(varied, s.process.Confinement())
	if s.variation.Has(vary.Stdin) {
		s.variation.missed(vary.Stdin, "a worker is told everything by a pipe")
	}
	s.said = newTail(said, s.log.With().Str("worker", s.key.worker).Stringer("lane", s.key.lane).Logger())
	return nil
}

// environment is all that the process has. Python compiles the files once for all runs:
// they do not change, and nobody else's are in the folder.
func (s *server) environment() []string {
	env := s.place.environment(s.variation.environment(s.site.Env, nil), s.site.Env, worker.Variable+"="+worker.Protocol)
	if s.place.cache != "" {
		env = append(env, "PYTHONPYCACHEPREFIX="+s.place.cache)
	}
	return env
}

// network is what a definition says of the network.
func network(text string) process.Network {
	switch text {
	case program.NetworkOn:
		return process.NetworkAsGiven
	case program.NetworkOff:
		return process.NetworkRequired
	}
	return process.NetworkOff
}

// within does something with the process, which is ended when it takes too long. The
// error says what became of the process, whatever failed.
func (s *server) within(ctx context.Context, do func() error) error {
	limit := time.Duration(s.site.Timeout) * time.Millisecond
	release := context.AfterFunc(ctx, func() { s.process.Kill("it was not wanted any more") })
	timer := time.AfterFunc(limit, func() {
		s.process.Kill(fmt.Sprintf("it did not answer within %s: raise timeout, or let it do less", limit))
	})
	err := do()
	timer.Stop()
	release()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		s.stop()
		return ctx.Err()
	}
	return s.explain(err)
}

// explain ends the process and says what was wrong with it: what it did against the
// protocol, or how it ended, with the last lines of its standard error.
func (s *server) explain(err error) error {
	wrong, ok := errors.AsType[*worker.MessageError](err)
	if ok {
		s.process.Kill("it broke the protocol")
	}
	_ = s.in.Close()
	// One that says no more has ended, or is about to: how it ended is told by its end alone.
	timer := time.AfterFunc(grace, func() { s.process.Kill("it closed its output and did not end") })
	s.process.Wait()
	timer.Stop()
	s.stop()
	what := "ended: " + s.process.Wait().String()
	if ok {
		what = "wrote what is not in the protocol: " + wrong.Error()
	}
	return fmt.Errorf("worker %q (%s lane) %s%s", s.key.worker, s.key.lane, what, s.said.quote())
}

// grace is how long a worker has to end after the end of its input.
const grace = 5 * time.Second

// close lets the process end.
func (s *server) close() error {
	if s.process == nil {
		return nil
	}
	_ = s.in.Close()
	timer := time.AfterFunc(grace, func() { s.process.Kill("it did not end with its input") })
	s.process.Wait()
	timer.Stop()
	s.stop()
	return s.place.remove()
}

// stop ends the process, and lets go of what belongs to it.
func (s *server) stop() {
	s.process.Kill("it was not wanted any more")
	s.process.Wait()
	_, _ = s.in.Close(), s.out.Close()
	s.said.wait()
}
