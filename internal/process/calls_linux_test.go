//go:build amd64 || arm64

package process

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"abraxas.dev/ers/internal/process/processtest"
)

// tryRefused makes all calls that are refused, in such a way that none of them does anything
// where it is not, and says what came of each.
func tryRefused() error {
	const no = ^uintptr(0)
	for _, c := range allRefused() {
		_, _, errno := unix.RawSyscall6(uintptr(c.number), no, no, no, no, no, no)
		fmt.Println(c.name, unix.ErrnoName(errno))
	}
	_, _, errno := unix.RawSyscall(unix.SYS_GETPID|x32, 0, 0, 0)
	fmt.Println("getpid of x32", unix.ErrnoName(errno))
	return nil
}

// allRefused are the calls that are refused, and those that are when all bits of what they
// are asked for are set.
func allRefused() []call {
	all := slices.Clone(refused)
	for _, p := range partly {
		all = append(all, p.call)
	}
	return all
}

func init() { programs["calls"], programs["busy"] = tryRefused, busy }

func TestRefusedCalls(t *testing.T) {
	p, out := begin(t, again(t, "calls"))
	text := make([]byte, 64<<10)
	n, _ := readAll(out, text)
	if exit := p.Wait(); exit != (Exit{}) {
		t.Error(exit)
	}
	said := strings.Split(strings.TrimSpace(string(text[:n])), "\n")
	if want := len(allRefused()) + 1; len(said) != want {
		t.Errorf("%d answers for %d calls", len(said), want)
	}
	n = len(refused)
	for _, line := range said {
		if line == "ptrace ESRCH" && p.Confinement().Processes == onlyItsOwn {
			n-- // of its own processes it may
		} else if line != "clone3 ENOSYS" && !strings.HasSuffix(line, " EPERM") {
			t.Error(line)
		}
	}
	if want := fmt.Sprintf("a filter refuses %d system calls, %d more where they reach others, and all of 32-bit programs", n, len(partly)); p.Confinement().Calls != want {
		t.Errorf("%q, want %q", p.Confinement().Calls, want)
	}
	if text, _ := run(t, shell(t, "grep Seccomp: /proc/self/status")); text != "Seccomp:\t2\n" {
		t.Error(text)
	}
}

// Where there is no filter the same calls fail otherwise: they are not wrong numbers.
func TestCallsWithoutFilter(t *testing.T) {
	if status, _ := os.ReadFile("/proc/self/status"); !strings.Contains(string(status), "Seccomp:\t0\n") {
		t.Skip("this test has a filter itself")
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), doVariable+"=calls")
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ptrace ESRCH", "process_vm_readv EINVAL", "request_key EFAULT", "open_tree EINVAL", "unshare EINVAL", "clone EINVAL", "prlimit64 EFAULT", "setpriority EINVAL", "sched_setscheduler EINVAL"} {
		if !strings.Contains(string(text), "\n"+want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// What is refused is in the documents, all of it and nothing else.
func TestRefusedCallsAreDocumented(t *testing.T) {
	if processtest.Again() {
		t.Skip("it is elsewhere then")
	}
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "<!-- calls -->\n")
	table, _, _ = strings.Cut(table, "\n\n")
	said := make(map[string]bool)
	for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(table, -1) {
		said[name[1]] = true
	}
	known := map[string]bool{"iopl": true, "ioperm": true} // of one processor
	for _, c := range allRefused() {
		known[c.name] = true
	}
	if !maps.Equal(said, known) {
		t.Errorf("docs/security.md has %v\nwant %v", slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(known)))
	}
}

// busy is a Go program with threads, files, a child and a connection.
func busy() error {
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		all.Go(func() {
			text, err := exec.Command("/bin/sh", "-c", "echo child").Output()
			if err == nil && string(text) != "child\n" {
				err = fmt.Errorf("the child said %q", text)
			}
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	fmt.Println("done")
	return nil
}

const busyPython = `
import asyncio, multiprocessing, os, signal, subprocess, tempfile, threading
def work(n): return n * n
if __name__ == "__main__":
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert subprocess.run(["sh", "-c", "echo child"], capture_output=True).stdout == b"child\n"
    with multiprocessing.Pool(2) as pool: assert pool.map(work, [2, 3]) == [4, 9]
    async def child():
        p = await asyncio.create_subprocess_exec("sh", "-c", "exit 3")
        return await p.wait()
    assert asyncio.run(child()) == 3
    with tempfile.TemporaryFile() as f: os.posix_fallocate(f.fileno(), 0, 4096)
    p = subprocess.Popen(["sleep", "1000"]); p.terminate(); assert p.wait() == -signal.SIGTERM
    print("done")
`

const busyNode = `
const { Worker } = require("worker_threads"), fs = require("fs"), { execFileSync } = require("child_process");
if (String(execFileSync("sh", ["-c", "echo child"])) !== "child\n") process.exit(1);
fs.promises.readFile(process.execPath, { flag: "r" }).then(() => {
  new Worker("require('worker_threads').parentPort.postMessage('done')", { eval: true }).on("message", console.log);
});
`

func TestCommonPrograms(t *testing.T) {
	go4 := again(t, "busy")
	for name, command := range map[string][]string{
		"go":     go4.Command,
		"sh":     {"/bin/sh", "-c", `(sleep 1000 & kill $!; wait $!; echo done | cat) 2>/dev/null`},
		"python": {"/usr/bin/python3", "-c", busyPython},
		"node":   {"node", "-e", busyNode},
	} {
		t.Run(name, func(t *testing.T) {
			s := go4
			s.Command = append([]string{tool(t, command[0])}, command[1:]...)
			if said, exit := run(t, s); said != "done\n" || exit != (Exit{}) {
				t.Errorf("it said %q and ended with %v", said, exit)
			}
		})
	}
}

// Programs that shut themselves in still can, where they could.
func TestNamespacesOfItsOwn(t *testing.T) {
	unshare := tool(t, "unshare")
	without := exec.Command(unshare, "-Urn", "true").Run()
	if said, exit := run(t, shell(t, "unshare -Urn true")); (exit == Exit{}) != (without == nil) {
		t.Errorf("without a filter it ends with %v, with one with %v: %s", without, exit, said)
	}
}

// With namespaces of its own a command has all rights in them, and sees no more for that.
func TestHiddenInItsOwnNamespaces(t *testing.T) {
	needMounts(t)
	tool(t, "unshare")
	s := shell(t, `unshare -Urm --propagation unchanged sh -c 'echo in; umount secret; umount -l secret; mount -t tmpfs none secret; ls -A secret' 2>&1`)
	secret := mkdir(t, s.Dir, "secret")
	write(t, secret+"/one", "secret")
	s.Hide = []string{secret}
	said, _ := run(t, s)
	if strings.Contains(said, "one\n") {
		t.Errorf("it sees what is hidden: %s", said)
	}
}
