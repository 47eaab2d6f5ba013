package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// The disk of the server is full in the middle of a window. Services say so, once each, and
// so do the commands that wait. When there is room again, and the server was started again,
// everything goes on by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small file system can be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() { tool(t, "umount", "-l", disk) })
	s := newStorm(t) // in which nobody is killed
	address := freeAddress(t)
	config := fmt.Sprintf("listen: %q\njetstream {store_dir: %q, max_file_store: 1GB}\n", address, filepath.Join(disk, "store"))
	server := s.startServer(natsServer, config)
	server.awaitLog("Server is ready")
	s.behind(address)
	s.createStreams(s.url, 1)
	s.services(1)
	s.ask(s.windows()...)
	near := s.connect(s.url)
	s.settle(near.bus)

	s.ask(busyWindow)
	progressOf["ers-coordinator"].await(near, busyWindow, 30)
	filler := fill(t, disk)
	defer os.Remove(filler)
	const said = "the disk of the server may be full or broken"
	var group errgroup.Group
	group.Go(func() error { return s.until(said, "ers-coordinator", "--health") })
	group.Go(func() error { return s.until(said, "ers", "wait", "--timeout", "4s") })
	file := small.write(t)
	group.Go(func() error { return s.until(said, "ers", "submit", "-f", file, "--timeout", "15s") })
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s.want.Unsure += 2
	for _, x := range s.slots {
		for text, n := range complaints(x.p.log.String()) {
			t.Logf("%s complains %d times: %s", x.name, n, text)
			if n > 1 {
				t.Error("it was said before")
			}
		}
	}

	tool(t, "mount", "-o", "remount,size=256m", disk)
	server.stop()
	s.startServer(natsServer, config).awaitLog("Server is ready")
	begun := time.Now()
	s.settle(near.bus)
	s.check(near.bus, time.Since(begun))
}

// busyWindow takes long enough for a disk to be full before its end.
var busyWindow = &pipelineFixture{name: "chain", yaml: chain(8, 40, busyLoops)}

// fill fills a file system up.
func fill(t *testing.T, dir string) (path string) {
	t.Helper()
	path = filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10} {
		for err = nil; err == nil; _, err = f.Write(make([]byte, size)) {
		}
	}
	return path
}

// until runs a command until it says something.
func (s *storm) until(said, name string, args ...string) error {
	for began := time.Now(); ; {
		out, _ := command(name, append(args, "--nats", s.url)...).CombinedOutput()
		if strings.Contains(string(out), said) {
			s.t.Logf("after %v %s %s says:\n%s", time.Since(began).Round(100*time.Millisecond), name, args[0], out)
			return nil
		}
		if s.ctx.Err() != nil {
			return fmt.Errorf("%s %v says %q, not %q: %w", name, args, out, said, context.Cause(s.ctx))
		}
		s.sleep(200 * time.Millisecond)
	}
}
