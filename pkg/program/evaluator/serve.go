package evaluator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/scheduler"
)

// mark is the environment variable that makes this program an evaluator. Its value is
// the bytes of memory that it may take.
const mark = "ERS_EVALUATOR"

// hooked tells that this program calls Main, without which its evaluators would be
// something else.
var hooked atomic.Bool

// Main makes this process an evaluator, if that is what it was started for, and does not
// return then. Call it first thing in the main of a program that makes a [Pool], and in
// the TestMain of its tests.
func Main() {
	memory, marked := os.LookupEnv(mark)
	if !marked {
		hooked.Store(true)
		return
	}
	// What ends us is our parent alone.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	bound, err := strconv.ParseInt(memory, 10, 64)
	if err == nil {
		watch := newWatch(bound)
		limit(bound)
		go watch.run()
		err = serve(os.Stdin, os.Stdout, watch)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "evaluator: %v\n", err)
		os.Exit(exitOther)
	}
	os.Exit(0)
}

// Exit codes of an evaluator.
const (
	exitOther  = 1
	exitMemory = 86
)

// limit prepares the process for a bound on its memory.
func limit(bound int64) {
	runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0))) // one for the tick, one for the watch
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(bound - bound/8)
	limitSystem(bound)
}

// gcPercent spares the collector work: what a tick leaves is small beside the bound.
const gcPercent = 400

// maxCompiled is how many definitions an evaluator keeps compiled.
const maxCompiled = 4

// server is an evaluator at work.
type server struct {
	out      io.Writer
	buffer   []byte
	compiled []compiled // the last used last
}

// compiled is a definition with a run that serves every tick: what a tick sees of the
// one before is set each time.
type compiled struct {
	sha256 string
	run    *scheduler.Scheduler
	loud   *scheduler.Scheduler // says which task begins
}

// serve answers until there are no more questions.
func serve(in io.Reader, out io.Writer, w *watch) error {
	s := &server{out: out}
	hello := newMessage(nil, sayHello)
	hello.text(protocol)
	if err := hello.send(out); err != nil {
		return err
	}
	for from := newReceiver(in); ; {
		asked, err := from.next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // our parent has no more for us, or is no more
		}
		if err != nil {
			return err
		}
		w.begin()
		answer, err := s.answer(asked)
		if err == nil {
			err = answer.send(out)
		}
		w.end()
		if err != nil {
			return err
		}
		s.buffer = answer
	}
}

func (s *server) answer(asked fields) (message, error) {
	switch asked.kind {
	case askDefine:
		return s.define(asked.string(), asked.end())
	case askTicks:
		t, err := asked.ticksRequest()
		if err != nil {
			return nil, err
		}
		return s.ticks(&t)
	}
	return nil, errMessage
}

func (s *server) define(definition string, err error) (message, error) {
	if err != nil {
		return nil, err
	}
	d, err := program.DecodeDefinition([]byte(definition))
	if err != nil {
		return nil, err // the parent has decoded it
	}
	p, fault := starlark.Compile(d)
	if fault != nil {
		m := newMessage(s.buffer, sayFault)
		m.fault(fault)
		return m, nil
	}
	made := compiled{sha256: d.SHA256()}
	if made.run, err = p.Scheduler(); err != nil {
		return nil, err
	}
	if made.loud, err = p.Loud(s.say); err != nil {
		return nil, err
	}
	if len(s.compiled) == maxCompiled {
		s.compiled = slices.Delete(s.compiled, 0, 1)
	}
	s.compiled = append(s.compiled, made)
	return newMessage(s.buffer, sayReady), nil
}

// say tells our parent which task begins.
func (s *server) say(task string) {
	m := newMessage(nil, sayTask)
	m.text(task)
	_ = m.send(s.out) // a parent that is no more is noticed elsewhere
}

// An answer has no more ticks than come together in this time and this many bytes, but
// one: the caller may have turns to give to others.
const (
	maxAhead      = 2 * time.Millisecond
	maxAheadBytes = 256 << 10
)

func (s *server) ticks(t *ticksRequest) (message, error) {
	i := slices.IndexFunc(s.compiled, func(c compiled) bool { return c.sha256 == t.definition })
	if i < 0 {
		return newMessage(s.buffer, sayUnknown), nil
	}
	c := s.compiled[i]
	s.compiled = append(slices.Delete(s.compiled, i, i+1), c)
	run := c.run
	if t.loud {
		run = c.loud
	}
	run.SetPrevious(t.previous)
	m := newMessage(s.buffer, sayTicks)
	began := time.Now() // how far to run ahead; never what comes of it
	for i, context := range t.contexts {
		tick, err := run.Tick(background, t.first+int64(i), t.budgets, context)
		if err != nil && i == 0 {
			m = newMessage(m, sayError)
			m.text(err.Error())
			return m, nil
		}
		if err != nil {
			break // it is asked for again, as the first
		}
		m.tick(&tick)
		if len(m) > maxAheadBytes || time.Since(began) > maxAhead {
			break
		}
	}
	return m, nil
}

var background = context.Background()
