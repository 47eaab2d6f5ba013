//go:build unix

package process

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"abraxas.dev/ers/internal/process/processtest"
)

func TestCommand(t *testing.T) {
	s := shell(t, `echo "$0 $1"; pwd; env | grep -v ^PATH; read line; echo "read $line"; echo wrong >&2; exit 7`)
	s.Command = append(s.Command, "zero", "one\xff\n")
	s.Env = append(s.Env, "NAME=value \xff")
	in, err := os.Open(write(t, filepath.Join(folder(t), "in"), "a line\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	s.Stdin = in
	said, exit := run(t, s)
	if exit != (Exit{Code: 7}) {
		t.Errorf("exit %+v", exit)
	}
	for _, want := range []string{"zero one\xff\n", s.Dir, "NAME=value \xff\n", "read a line\n", "wrong\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("it said %q, without %q", said, want)
		}
	}
	if strings.Contains(said, "ERS_") || strings.Contains(said, "HOME=") {
		t.Errorf("it has more in its environment than it was given: %q", said)
	}
}

func TestNothingGiven(t *testing.T) {
	s := shell(t, `read line || echo no line; echo; /bin/true >&2`)
	s.Stdin = nil
	said, exit := run(t, s)
	if said != "no line\n\n" || exit != (Exit{}) {
		t.Errorf("it said %q and ended with %+v", said, exit)
	}
}

// Standard files that are pipes must wait: most programs take EAGAIN for an error.
func TestStandardFilesWait(t *testing.T) {
	python := tool(t, "/usr/bin/python3")
	s := shell(t, "")
	s.Command = []string{python, "-c", "import os; print([os.get_blocking(i) for i in range(3)])"}
	in, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = other.Close() }()
	s.Stdin = in
	if said, _ := run(t, s); said != "[True, True, True]\n" {
		t.Errorf("they wait: %s", said)
	}
}

func TestOwnSignals(t *testing.T) {
	for _, name := range []string{"SEGV", "ABRT", "FPE", "BUS", "ILL", "PIPE", "ALRM", "USR1"} {
		_, exit := run(t, shell(t, "kill -"+name+" $$"))
		if exit != (Exit{Code: -1, Signal: "SIG" + name}) {
			t.Errorf("%s: %+v", name, exit)
		}
	}
}

func TestSignalsFromOutside(t *testing.T) {
	for _, name := range []string{"KILL", "TERM", "INT", "HUP", "QUIT"} {
		_, exit := run(t, shell(t, "kill -"+name+" $$"))
		if exit.Signal != "SIG"+name || exit.Outside != "it was killed from outside (SIG"+name+")" {
			t.Errorf("%s: %+v", name, exit)
		}
	}
}

func TestKill(t *testing.T) {
	p, said := begin(t, shell(t, "echo ready; exec sleep 1000"))
	if _, err := said.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	p.Kill("it took longer than 60s")
	p.Kill("a second reason")
	exit := p.Wait()
	if exit != (Exit{Code: -1, Signal: "SIGKILL", Outside: "it took longer than 60s"}) {
		t.Errorf("exit %+v", exit)
	}
	p.Kill("a third")
}

// What a command came to by itself stays what it came to.
func TestKillTooLate(t *testing.T) {
	p, _ := begin(t, shell(t, "exit 3"))
	<-p.Done()
	p.Kill("too late")
	if exit := p.Wait(); exit != (Exit{Code: 3}) {
		t.Errorf("exit %+v", exit)
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s := shell(t, "exec sleep 1000")
	p, err := Start(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("nobody waits for it"))
	if exit := p.Wait(); exit.Outside != "nobody waits for it" {
		t.Errorf("exit %+v", exit)
	}
	if _, err := Start(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("started in spite of it: %v", err)
	}
}

func TestNotStarted(t *testing.T) {
	dir := folder(t)
	plain := write(t, filepath.Join(dir, "plain"), "text")
	for _, c := range []struct {
		command, dir string
		is           error
	}{
		{filepath.Join(dir, "none"), dir, fs.ErrNotExist},
		{"/bin/sh", filepath.Join(dir, "none"), fs.ErrNotExist},
		{plain, dir, fs.ErrPermission},
		{dir, dir, fs.ErrPermission},
	} {
		_, err := Start(t.Context(), Spec{Command: []string{c.command}, Dir: c.dir})
		processtest.WantError(t, err, c.command)
		if !errors.Is(err, c.is) {
			t.Errorf("%v is no %v", err, c.is)
		}
	}
	if err := os.Chmod(plain, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Spec{Command: []string{plain}, Dir: dir}); !errors.Is(err, syscall.ENOEXEC) {
		t.Errorf("a text was started: %v", err)
	}
}

func TestSpecs(t *testing.T) {
	good := Spec{Command: []string{"/bin/true"}, Dir: "/tmp"}
	for name, change := range map[string]func(*Spec){
		"there is no command":                       func(s *Spec) { s.Command = nil },
		`"true" is not an absolute path of an exec`: func(s *Spec) { s.Command = []string{"true"} },
		`"." is not an absolute path of a folder`:   func(s *Spec) { s.Dir = "." },
		`"x" is not an absolute path`:               func(s *Spec) { s.Hide = []string{"x"} },
		`"up" is not an absolute path`:              func(s *Spec) { s.Overlay = &Overlay{"/tmp", "up", "/work"} },
		`"" is not an absolute path`:                func(s *Spec) { s.Binds = []Bind{{From: "/tmp"}} },
		"the command starts in it, in /tmp/in":      func(s *Spec) { s.Hide, s.Dir = []string{"/tmp"}, "/tmp/in" },
		"-1 bytes are no bound":                     func(s *Spec) { s.Memory = -1 },
		"there is no network 7":                     func(s *Spec) { s.Network = 7 },
	} {
		s := good
		change(&s)
		_, err := Start(t.Context(), s)
		processtest.WantError(t, err, name)
		_, err = Try(s)
		processtest.WantError(t, err, name)
	}
}
