package workertest

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// The parts of a hello, each with the check that it breaks when it is wrong.
const (
	helloComes    = "hello-comes"
	helloFirst    = "hello-first"
	helloProtocol = "hello-protocol"
	helloTasks    = "hello-tasks"
	helloMembers  = "hello-members"
)

// helloParts are they in the order in which they are looked at.
var helloParts = []string{helloComes, helloFirst, helloProtocol, helloTasks, helloMembers}

// meet starts the worker for the first time.
func (s *suite) meet() error {
	p, hello, err := s.greet(worker.DefaultLimits)
	switch {
	case errors.Is(err, ErrStart) || s.ctx.Err() != nil:
		return err
	case err != nil:
		s.helloErr, s.broken = err, brokenBy(err)
		return nil
	}
	p.discard()
	s.hello = hello
	s.tasks, s.shadow = inOrder(hello.Tasks, events.Forecast), inOrder(hello.Tasks, events.Shadow)
	if len(s.tasks) == 0 {
		s.tasks = s.shadow
	}
	return nil
}

// brokenBy returns the check that a hello breaks that was refused like this.
func brokenBy(err error) string {
	var wrong *worker.MessageError
	if !errors.As(err, &wrong) {
		return helloComes
	}
	switch text := wrong.Err.Error(); {
	case wrong.Type == "" || !strings.HasPrefix(wrong.Text, "{") || strings.HasPrefix(text, "/type:"):
		return helloFirst
	case strings.HasPrefix(text, "/protocol:"):
		return helloProtocol
	case strings.HasPrefix(text, "/tasks"):
		return helloTasks
	}
	return helloMembers
}

// helloPart checks one part of the hello. Those before the one that is broken are right.
func helloPart(part string) func(*suite) error {
	return func(s *suite) error {
		switch {
		case s.helloErr == nil || slices.Index(helloParts, part) < slices.Index(helloParts, s.broken):
			return nil
		case s.broken == part:
			return s.helloErr
		}
		return unseenf("the hello is refused: see %s", s.broken)
	}
}

func helloAgain(s *suite) error { return s.sameHello() }

// elsewhere are variables that must not matter.
var elsewhere = []string{"TZ=Pacific/Auckland", "LC_ALL=C", "LANG=C", "COLUMNS=40", "ERS_TEST_EXTRA=1"}

func helloElsewhere(s *suite) error { return s.sameHello(elsewhere...) }

func (s *suite) sameHello(more ...string) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	p, hello, err := s.greet(worker.DefaultLimits, more...)
	if err != nil {
		return err
	}
	defer p.discard()
	return s.compareHello(hello)
}

func (s *suite) compareHello(hello *worker.Hello) error {
	for i := range min(len(s.hello.Tasks), len(hello.Tasks)) {
		if a, b := s.hello.Tasks[i], hello.Tasks[i]; !reflect.DeepEqual(a, b) {
			return fmt.Errorf("task %d was %+v, then %+v", i, a, b)
		}
	}
	if a, b := len(s.hello.Tasks), len(hello.Tasks); a != b {
		return fmt.Errorf("it declares %d tasks, then %d", a, b)
	}
	if s.hello.NaN != hello.NaN || s.hello.BigInt != hello.BigInt {
		return errors.New("it lists other numbers when it is started again")
	}
	return nil
}

// helloLimits gives limits that are larger than today's.
func helloLimits(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	l := worker.DefaultLimits
	p, hello, err := s.greet(worker.Limits{Error: 2 * l.Error, Message: 2 * l.Message, Value: 2 * l.Value})
	if err != nil {
		return err
	}
	defer p.discard()
	return s.compareHello(hello)
}

// manyAtOnce starts as many processes as a window has, all at the same time.
func manyAtOnce(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	const n = 12
	var all []*process
	defer func() {
		for _, p := range all {
			p.discard()
		}
	}()
	for range n {
		p, err := start(s.ctx, &s.options)
		if err != nil {
			return err
		}
		all = append(all, p)
		if err := p.write(worker.AppendHello(nil, worker.DefaultLimits)); err != nil {
			return err
		}
	}
	for i, p := range all {
		if err := p.wait(p.timeout); err != nil {
			return err
		}
		hello, err := p.reader.Hello()
		if err = p.read(err); err == nil {
			err = s.compareHello(hello)
		}
		if err == nil {
			_, err = s.ask(p, s.tick(0, s.tasks))
		}
		if err != nil {
			return fmt.Errorf("process %d of %d: %w", i+1, n, err)
		}
	}
	return nil
}

// nothingUnasked looks whether something stands between the hello and the first answer.
func nothingUnasked(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	p.in.Close()
	if err := p.wait(endTime); err != nil {
		return err
	}
	switch _, err := p.reader.Next(); {
	case err == nil:
		return p.reader.Refuse("it answers without having been asked")
	case !errors.Is(err, io.EOF):
		return p.read(err)
	}
	return nil
}

// aboutSelf looks whether the worker says what it is.
func aboutSelf(s *suite) error {
	switch {
	case s.hello == nil:
		return unseen(noHello)
	case len(s.hello.About) == 0:
		return unseen(`it says nothing about itself: "about":{"kit":"…"} would be recorded with each run`)
	}
	first, err := canon.Of(s.hello.About)
	if err != nil {
		return err
	}
	p, hello, err := s.greet(worker.DefaultLimits)
	if err != nil {
		return err
	}
	defer p.discard()
	if again, err := canon.Of(hello.About); err != nil || again != first {
		return fmt.Errorf("it says %s about itself, then %s", first, again)
	}
	return nil
}
