package workertest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/worker"
)

// endsAfterTicks ends a run as ERS does.
func endsAfterTicks(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	if _, err := s.ask(p, s.tick(0, s.tasks), s.tick(1, s.tasks)); err != nil {
		return err
	}
	return p.end()
}

// endsAfterHello ends a run of which this process was to do nothing.
func endsAfterHello(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	return p.end()
}

// endsBeforeHello ends the input of a worker that was told nothing. What it says and
// ends with does not matter.
func endsBeforeHello(s *suite) error {
	p, err := start(s.ctx, &s.options)
	if err != nil {
		return err
	}
	defer p.discard()
	p.in.Close()
	go io.Copy(io.Discard, p.out)
	select {
	case <-p.ended:
		return nil
	case <-time.After(endTime):
		return p.saying("it did not end within %s of the end of its input", endTime)
	}
}

// leavesNobody looks for children that stay behind.
func leavesNobody(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	if _, err := s.ask(p, s.tick(0, s.tasks)); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	switch alive, known := p.left(); {
	case !known:
		return unseen("this system does not tell which processes belong together")
	case alive:
		return p.saying("a process that it started is still there after its end")
	}
	return nil
}

// Memory is looked at after some ticks and again after many, each with a context of its
// own. A worker that kept the contexts would hold memoryTicks × memoryContext more.
const (
	memoryWarm    = 200
	memoryTicks   = 1000
	memoryContext = 128 << 10
	memoryMost    = memoryTicks * memoryContext / 2
)

func memoryFlat(s *suite) error {
	p, err := s.open()
	if err != nil {
		return err
	}
	defer p.discard()
	text := strings.Repeat("x", memoryContext)
	run := func(from, to int64) error {
		for n := from; n < to; n++ {
			context := canon.Value(fmt.Sprintf(`{"n":%d,"text":"%s"}`, n, text))
			if _, err := s.ask(p, worker.Tick{Tick: n, Context: context, Tasks: s.tasks}); err != nil {
				return fmt.Errorf("tick %d: %w", n, err)
			}
		}
		return nil
	}
	if err := run(0, memoryWarm); err != nil {
		return err
	}
	before, known := p.resident()
	if !known {
		return unseen("this system has no /proc that tells how much memory a process holds")
	}
	if err := run(memoryWarm, memoryWarm+memoryTicks); err != nil {
		return err
	}
	after, _ := p.resident()
	if grown := after - before; grown > memoryMost {
		return fmt.Errorf("after %d ticks it holds %d MiB, after %d ticks %d MiB", memoryWarm, before>>20, memoryWarm+memoryTicks, after>>20)
	}
	return nil
}

// resident returns the bytes of memory that the group of the worker holds.
func (p *process) resident() (bytes int64, known bool) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it ended
		}
		// pid (name) state ppid pgrp …: the name may hold anything
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 22 || fields[2] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		pages, err := strconv.ParseInt(fields[21], 10, 64)
		if err == nil {
			bytes, known = bytes+pages*int64(os.Getpagesize()), true
		}
	}
	return bytes, known
}
