package process

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process/processtest"
)

// needMounts skips a test where the kernel gives this user no mounts.
func needMounts(t *testing.T) {
	t.Helper()
	if can := Look().Mounts; !can.OK {
		t.Skip(can.Why)
	}
}

func needOverlay(t *testing.T) {
	t.Helper()
	if can := Look().Overlay; !can.OK {
		t.Skip(can.Why)
	}
}

// overlaid is a command in the shell in an overlay over a folder with some files in it.
func overlaid(t *testing.T, script string) (s Spec, upper string) {
	t.Helper()
	needOverlay(t)
	s = shell(t, script)
	top := s.Dir
	s.Dir = mkdir(t, top, "a folder, with:characters=\\")
	write(t, filepath.Join(s.Dir, "kept"), "kept\n")
	write(t, filepath.Join(s.Dir, "changed"), "before\n")
	write(t, filepath.Join(s.Dir, "removed"), "removed\n")
	upper = mkdir(t, top, "upper")
	s.Overlay = &Overlay{Lower: s.Dir, Upper: upper, Work: mkdir(t, top, "work")}
	return s, upper
}

func TestOverlay(t *testing.T) {
	s, upper := overlaid(t, `pwd; ls; echo after >changed; rm removed; echo made >made; cat changed`)
	said, exit := run(t, s)
	if want := s.Dir + "\nchanged\nkept\nremoved\nafter\n"; said != want || exit != (Exit{}) {
		t.Errorf("it said %q and ended with %v, want %q", said, exit, want)
	}
	if got := names(t, s.Dir); got != "changed kept removed" {
		t.Errorf("the folder has %s", got)
	}
	if got := names(t, upper); got != "changed made removed" {
		t.Errorf("the upper layer has %s", got)
	}
	if got := names(t, s.Overlay.Work); got != "" {
		t.Errorf("the folder to work in has %s", got)
	}

	s.Command[2] = "ls; cat made" // one more, with what the first has made
	if said, _ := run(t, s); said != "changed\nkept\nmade\nmade\n" {
		t.Errorf("the next command saw %q", said)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// Several overlays over one folder at the same time, each with the same path.
func TestOverlaysAtOnce(t *testing.T) {
	s, _ := overlaid(t, `read line; echo "$line" >>changed; cat changed`)
	top := filepath.Dir(s.Dir)
	type one struct {
		in    *os.File
		said  *os.File
		p     *Process
		upper string
	}
	var all []one
	for i := range 5 {
		upper := mkdir(t, top, fmt.Sprint("upper", i))
		out, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		s.Stdin, s.Overlay = out, &Overlay{s.Dir, upper, s.Overlay.Work}
		p, said := begin(t, s)
		all = append(all, one{in, said, p, upper})
	}
	for i, o := range all { // all of them run now
		_, _ = fmt.Fprintln(o.in, "run", i)
		_ = o.in.Close()
		room := make([]byte, 100)
		n, _ := o.said.Read(room)
		if want := fmt.Sprintf("before\nrun %d\n", i); string(room[:n]) != want {
			t.Errorf("run %d said %q, want %q", i, room[:n], want)
		}
		if exit := o.p.Wait(); exit != (Exit{}) {
			t.Error(exit)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(s.Dir, "changed")); string(text) != "before\n" {
		t.Errorf("the folder itself has %q", text)
	}
}

func TestNoMountGetsOut(t *testing.T) {
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := overlaid(t, "cat /proc/self/mountinfo")
	s.Hide = []string{mkdir(t, filepath.Dir(s.Dir), "secret")}
	said, exit := run(t, s)
	if !strings.Contains(said, "overlay") || exit != (Exit{}) {
		t.Fatalf("there is no overlay: %s, %v", said, exit)
	}
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Errorf("mounts before:\n%s\nand after:\n%s", before, after)
	}
}

func TestOverlayOfWhatIsNotThere(t *testing.T) {
	s, _ := overlaid(t, "true")
	s.Overlay.Upper = filepath.Join(s.Dir, "none")
	_, err := Try(s)
	processtest.WantError(t, err, "no overlay can be had", s.Overlay.Upper, "no such file")
	_, err = Start(t.Context(), s)
	processtest.WantError(t, err, "no overlay can be had", s.Overlay.Upper, "no such file")
	s.Overlay.Lower = "/"
	_, err = Try(s)
	processtest.WantError(t, err, "another file system is mounted in it, at /")
}

func TestBinds(t *testing.T) {
	needMounts(t)
	s := shell(t, `pwd; cat name; cat other/name; echo new >>name`)
	a, b := mkdir(t, s.Dir, "a"), mkdir(t, s.Dir, "b")
	mkdir(t, a, "other")
	write(t, filepath.Join(a, "name"), "a\n")
	write(t, filepath.Join(b, "name"), "b\n")
	s.Dir = mkdir(t, s.Dir, "place")
	s.Binds = []Bind{{From: a, To: s.Dir}, {From: b, To: filepath.Join(s.Dir, "other")}}
	if said, exit := run(t, s); said != s.Dir+"\na\nb\n" || exit != (Exit{}) {
		t.Errorf("it said %q and ended with %v", said, exit)
	}
	if text, _ := os.ReadFile(filepath.Join(a, "name")); string(text) != "a\nnew\n" {
		t.Errorf("what is shown elsewhere has %q", text)
	}
	s.Binds[0].ReadOnly = true
	if said, exit := run(t, s); !strings.HasSuffix(said, "Read-only file system\n") || exit.Code == 0 {
		t.Errorf("of a folder that is protected it said %q and ended with %v", said, exit)
	}
	if text, _ := os.ReadFile(filepath.Join(a, "name")); string(text) != "a\nnew\n" {
		t.Errorf("what is protected has %q", text)
	}
	s.Binds[0].From = filepath.Join(a, "none")
	_, err := Start(t.Context(), s)
	processtest.WantError(t, err, "no mounts of its own can be had", s.Binds[0].From, "no such file")
}

func TestHidden(t *testing.T) {
	needMounts(t)
	s, _ := overlaid(t, "")
	top := filepath.Dir(s.Dir)
	store, home := mkdir(t, s.Dir, ".store"), mkdir(t, top, "home")
	write(t, filepath.Join(store, "trace"), "secret")
	token, key := write(t, filepath.Join(home, "token"), "secret"), write(t, filepath.Join(home, "key"), "secret")
	creds := mkdir(t, top, "creds")
	write(t, filepath.Join(creds, "one"), "secret")
	s.Hide = []string{store, token, key, creds, filepath.Join(top, "none")}
	s.Command[2] = fmt.Sprintf(`ls -A %s %s; cat %s %s; echo x >%[1]q/x; echo x >%[3]q; umount %[3]q %[2]q; cat %[3]q; ls -A %[2]q; ls /proc/$PPID/root/`,
		".store", creds, token, key)
	p, out := begin(t, s)
	text := make([]byte, 64<<10)
	n, _ := readAll(out, text)
	if strings.Contains(string(text[:n]), "secret") || strings.Contains(string(text[:n]), "trace\n") || strings.Contains(string(text[:n]), "one\n") {
		t.Errorf("it saw what it must not:\n%s", text[:n])
	}
	if strings.Count(string(text[:n]), "Read-only file system")+strings.Count(string(text[:n]), "Permission denied") < 3 {
		t.Errorf("it can change what hides, or get behind it:\n%s", text[:n])
	}
	p.Wait()
	if got := p.Confinement().Hidden; got != "4 of 5 paths are there, and covered by mounts" {
		t.Error(got)
	}
}

func readAll(f *os.File, room []byte) (n int, err error) {
	for err == nil {
		var m int
		m, err = f.Read(room[n:])
		n += m
	}
	return n, err
}

// Nobody gets at what is hidden by way of a process that sees it.
func TestNoWayRound(t *testing.T) {
	needMounts(t)
	s := shell(t, fmt.Sprintf(`for p in $PPID %d; do for f in environ maps root/etc/passwd cwd/. fd/0; do head -c 1 /proc/$p/$f >/dev/null && echo got $p $f; done; done 2>/dev/null; true`, os.Getpid()))
	s.Hide = []string{mkdir(t, s.Dir, "secret")}
	if said, exit := run(t, s); said != "" || exit != (Exit{}) {
		t.Errorf("%s%v", said, exit)
	}
}

func TestNetwork(t *testing.T) {
	needMounts(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	port := listener.Addr().(*net.TCPAddr).Port
	s := shell(t, "")
	s.Command = []string{tool(t, "/usr/bin/python3"), "-c", fmt.Sprintf(`
import socket
try:
    socket.create_connection(("127.0.0.1", %d), 10); print("reached")
except ConnectionRefusedError: print("refused")
l = socket.create_server(("127.0.0.1", %[1]d)) if %[2]d else socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(l.getsockname(), 10); print("own lo")`, port, 0)}
	for network, want := range map[Network]string{NetworkAsGiven: "reached\nown lo\n", NetworkOff: "refused\nown lo\n", NetworkRequired: "refused\nown lo\n"} {
		s.Network = network
		if network != NetworkAsGiven && !Look().Network.OK {
			t.Skip(Look().Network.Why)
		}
		if said, exit := run(t, s); said != want || exit != (Exit{}) {
			t.Errorf("network %d: it said %q, want %q, and ended with %v", network, said, want, exit)
		}
	}
}

func TestUser(t *testing.T) {
	s, _ := overlaid(t, `id -u; id -g; stat -c "%u %g" made 2>/dev/null || { touch made; stat -c "%u %g" made; }; ls -n /proc/self/fd | grep -c -- '->'`)
	said, exit := run(t, s)
	want := fmt.Sprintf("%d\n%d\n%[1]d %[2]d\n4\n", os.Getuid(), os.Getgid()) // three files, and the folder that ls reads
	if said != want || exit != (Exit{}) {
		t.Errorf("it said %q, want %q, and ended with %v", said, want, exit)
	}
}

// What is ignored here must not be ignored there.
func TestSignalsAreAsAlways(t *testing.T) {
	if said, _ := run(t, shell(t, `grep -E 'Sig(Ign|Blk)' /proc/self/status`)); said != "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" {
		t.Error(said)
	}
}
