package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A command in each of the languages that are here, which takes so many MiB, and then says so.
func hungry(t *testing.T, language string, mib int) Spec {
	t.Helper()
	s := shell(t, "")
	n := fmt.Sprint(mib)
	switch language {
	case "python":
		s.Command = []string{tool(t, "/usr/bin/python3"), "-c", "import sys; all = [b'x' * (1 << 20) for _ in range(int(sys.argv[1]))]; print('ok')", n}
	case "node":
		s.Command = []string{tool(t, "node"), "-e", "const all = []; for (let i = 0; i < +process.argv[1]; i++) all.push(Buffer.alloc(1 << 20, 1)); console.log('ok')", n}
	case "go":
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		s.Command = []string{program}
		s.Env = append(s.Env, doVariable+"=take "+n)
	}
	return s
}

// takeMemory is a program that takes so many MiB.
func takeMemory(mib int) {
	var all [][]byte
	for range mib {
		all = append(all, []byte(strings.Repeat("x", 1<<20)))
	}
	fmt.Println("ok", len(all))
}

func TestMemory(t *testing.T) {
	for _, language := range []string{"python", "node", "go"} {
		t.Run(language, func(t *testing.T) {
			s := hungry(t, language, 50)
			s.Memory = 200 << 20
			if said, exit := run(t, s); !strings.Contains(said, "ok") || exit != (Exit{}) {
				t.Errorf("with enough: it said %q and ended with %+v", said, exit)
			}
			s = hungry(t, language, 1000)
			s.Memory = 200 << 20
			said, exit := run(t, s)
			if want := "it took more than the 200MiB of memory that it may have"; exit.Outside != want || exit.Signal != "SIGKILL" {
				t.Errorf("with too little: it said %q and ended with %+v", said, exit)
			}
		})
	}
}

// All that a command has started counts, and goes with it.
func TestMemoryOfAll(t *testing.T) {
	python := tool(t, "/usr/bin/python3")
	s := shell(t, fmt.Sprintf(`for i in 1 2 3 4 5 6; do %s -c "import time; all = b'x' * (50 << 20); time.sleep(1000)" & done; sleep 1000`, python))
	s.Memory = 200 << 20
	if _, exit := run(t, s); !strings.HasPrefix(exit.Outside, "it took more than the 200MiB") {
		t.Errorf("%+v", exit)
	}
}

// What is shared counts once, and a mapped file does not count.
func TestMemoryThatIsShared(t *testing.T) {
	s := shell(t, "")
	file := filepath.Join(s.Dir, "large")
	if err := os.Truncate(write(t, file, ""), 200<<20); err != nil {
		t.Fatal(err)
	}
	s.Command = []string{tool(t, "/usr/bin/python3"), "-c", `
import mmap, os, time
m = mmap.mmap(os.open("large", os.O_RDONLY), 0, prot=mmap.PROT_READ)
assert sum(m[i] for i in range(0, len(m), 4096)) == 0
all = b"x" * (100 << 20)
print(os.getpid(), flush=True)
for _ in range(6):
    if not os.fork():
        print(os.getpid(), flush=True)
        time.sleep(1000)
time.sleep(1000)`}
	p, said := begin(t, s)
	var resident, own int64
	for _, pid := range pids(t, said, 7) {
		one, ok := readStat(fmt.Sprint(pid), make([]byte, 1024))
		if !ok {
			t.Fatalf("process %d cannot be seen", pid)
		}
		resident += one.resident
		alone, shared := one.own()
		own += alone + shared
	}
	p.Kill("enough")
	p.Wait()
	if resident < 700<<20 || own < 100<<20 || own > 200<<20 {
		t.Errorf("%d MiB are resident, and %d MiB count", resident>>20, own>>20)
	}
}

// BenchmarkTooMuch measures how far beyond its bound a command comes, by how long it runs.
func BenchmarkTooMuch(b *testing.B) {
	python, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("there is no python3 here")
	}
	s := Spec{Command: []string{python, "-c", `
import ctypes, sys
libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p
for i in range(1, 1 << 20):
    libc.memset(ctypes.c_void_p(libc.malloc(1 << 20)), 1, 1 << 20); sys.stdout.write("%d\n" % i); sys.stdout.flush()`}, Env: []string{}, Dir: "/", Memory: 200 << 20}
	var most int
	for b.Loop() {
		out, in, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		s.Stdout = in
		p, err := Start(b.Context(), s)
		_ = in.Close()
		if err != nil {
			b.Fatal(err)
		}
		for mib := 0; ; {
			if _, err := fmt.Fscanln(out, &mib); err != nil {
				break
			}
			most = max(most, mib)
		}
		if exit := p.Wait(); exit.Outside == "" {
			b.Fatal(exit)
		}
		_ = out.Close()
	}
	b.ReportMetric(float64(most), "MiB-most")
}
