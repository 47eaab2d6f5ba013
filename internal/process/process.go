package process

import (
	"context"
	"fmt"
	"sync/atomic"
)

// hooked tells that this program calls Main.
var hooked atomic.Bool

// Process is a command that was started. Safe for concurrent use.
type Process struct {
	pid  int
	had  Confinement
	kill func(why string)
	done chan struct{}
	exit Exit // when done is closed
}

// Start starts a command. It is ended with everything that it has started when ctx ends,
// when it is killed, when it ends by itself, and when this program ends, however that
// comes. The error is that of ctx, one of ErrOverlay, ErrMounts, ErrNetwork and ErrUnavailable,
// or says why the system did not start the command.
func Start(ctx context.Context, s Spec) (*Process, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := start(&s)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { p.Kill(context.Cause(ctx).Error()) })
	go func() {
		<-p.done
		stop()
	}()
	return p, nil
}

// Try does everything that comes before a start, and takes it back: what a command would
// have, or the error that Start would return for want of it.
func Try(s Spec) (Confinement, error) {
	if err := s.check(); err != nil {
		return Confinement{}, err
	}
	return try(&s)
}

// Pid is the number of the command's first process.
func (p *Process) Pid() int { return p.pid }

// Confinement is what the command has of what was asked for.
func (p *Process) Confinement() Confinement { return p.had }

// Kill ends the command and everything that it has started. Wait then says why, unless
// the command has ended by itself before. It does not wait for the end.
func (p *Process) Kill(why string) { p.kill(why) }

// Done is closed when the command has ended, and with it all that it has started.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns how the command ended, when it has, and nothing of it is left: neither a
// process nor a mount.
func (p *Process) Wait() Exit {
	<-p.done
	return p.exit
}

// String says it in a few words.
func (e Exit) String() string {
	switch {
	case e.Outside != "":
		return e.Outside
	case e.Signal != "":
		return "ended by " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Code)
}
