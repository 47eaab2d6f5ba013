package e2e

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// The power goes in the middle of a window. What the system had given to the disk by then is there
// afterwards, and nothing else: the store is on a file system of its own in a file, of which a
// copy is made at that moment and mounted. With a sync before each acknowledgement nothing is
// lost that was acknowledged, and everything goes on. Without it something is lost, which
// shows that this test sees it.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system in a file")
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	if err := exec.Command("losetup", "-f").Run(); err != nil {
		t.Skipf("no file system in a file can be had: losetup: %v", err)
	}
	for _, sync := range []string{"always", "interval"} {
		t.Run(sync, func(t *testing.T) {
			t.Parallel()
			disk, address := newDisk(t), freeAddress(t)
			scene := newScene(t)
			args := []string{"up", "--sync", sync, "--no-token", "--http=", "--listen", address, "--store"}
			up := scene.run("ers", append(args, disk.path("store"))...)
			up.awaitLog(address)
			s := scene.connect("nats://" + address)
			for range 3 {
				s.verdict(small, s.submit(small))
			}
			acknowledged := s.everything()
			s.verdict(small, s.submit(small)) // behind it in every stream
			window := s.submit(drilled)
			progressOf["ers-coordinator"].await(s, drilled, 50)

			up.signal(syscall.SIGSTOP)
			after := disk.copy(t)
			up.kill()
			up = scene.launch("ers", command("ers", append(args, after.path("store"))...))
			up.awaitLog(address)
			s = scene.connect("nats://" + address)
			lost := s.lost(acknowledged)
			t.Logf("%d of %d messages are lost", lost, len(acknowledged))
			if sync == "interval" {
				if lost == 0 {
					t.Error("nothing is lost without a sync: this test sees nothing")
				}
				return
			}
			if lost > 0 {
				t.Error("acknowledged messages are lost")
			}
			s.checkWindow(drilled, window)
		})
	}
}

// stored is a message of a stream.
type stored struct {
	stream string
	bus.Message
}

// everything is what the streams hold.
func (s *system) everything() (all []stored) {
	s.t.Helper()
	for _, stream := range []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz, "OBJ_" + events.BucketObjects} {
		for _, m := range s.read(stream, "") {
			all = append(all, stored{stream, m})
		}
	}
	return all
}

// lost counts those of these messages that the streams do not hold.
func (s *system) lost(before []stored) (n int) {
	s.t.Helper()
	type place struct {
		stream string
		seq    uint64
	}
	now := make(map[place]bus.Message)
	for _, m := range s.everything() {
		now[place{m.stream, m.Seq}] = m.Message
	}
	for _, m := range before {
		if is, there := now[place{m.stream, m.Seq}]; !there || is.Subject != m.Subject || !bytes.Equal(is.Data, m.Data) {
			n++
		}
	}
	return n
}

// disk is a file system in a file.
type disk struct{ image, dir string }

func newDisk(t *testing.T) *disk {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 256<<20); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.ext4", "-q", "-F", image)
	return mounted(t, image)
}

// mounted mounts the file system. It is written to when somebody asks for that, not every
// few seconds.
func mounted(t *testing.T, image string) *disk {
	t.Helper()
	d := &disk{image, t.TempDir()}
	tool(t, "mount", "-o", "loop,commit=600", image, d.dir)
	t.Cleanup(func() { tool(t, "umount", "-l", d.dir) }) // after the processes have ended
	return d
}

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

// copy mounts a copy of what is on the disk now.
func (d *disk) copy(t *testing.T) *disk {
	t.Helper()
	from, err := os.Open(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	return mounted(t, to.Name())
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
}
