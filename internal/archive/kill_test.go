package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ARCHIVE_TEST_DIR"); dir != "" {
		fmt.Println(pruneUntil(dir, os.Getenv("ARCHIVE_TEST_URL"), os.Getenv("ARCHIVE_TEST_STEP")))
		return
	}
	os.Exit(m.Run())
}

// pruneUntil prunes, and waits at a step to be killed.
func pruneUntil(dir, url, step string) error {
	ctx := context.Background()
	n, err := strconv.Atoi(step)
	if err != nil {
		return err
	}
	b, err := bus.Open(ctx, bus.Config{URL: url})
	if err != nil {
		return err
	}
	a, err := Open(ctx, embedded.Config{StoreDir: dir}, nil)
	if err != nil {
		return err
	}
	p := &pruner{ctx: ctx, bus: b, archive: a, place: dir, step: func(string) error {
		if n--; n < 0 {
			fmt.Println("killed")
			select {}
		}
		return nil
	}}
	_, err = p.run()
	return errors.Join(err, a.Close(), b.Close())
}

// A process that is killed while it prunes leaves what the next one finishes.
func TestKilled(t *testing.T) {
	t.Parallel()
	server := bustest.NewServer(t)
	s := newSiteOn(t, bustest.Connect(t, server.URL()))
	stop := s.services()
	one, two := s.window("p", "one", s.list), s.window("p", "two", "both")
	three := s.window("p", "two", "both")
	stop()
	_, dir := s.archive(Choice{Before: three})
	copies := t.TempDir() // of the archive, which those that are killed leave
	for step, said := 0, "killed\n"; said == "killed\n"; step++ {
		killed := exec.Command(os.Args[0])
		killed.Env = append(os.Environ(), "TMPDIR="+copies, "ARCHIVE_TEST_DIR="+dir, "ARCHIVE_TEST_URL="+server.URL(), fmt.Sprint("ARCHIVE_TEST_STEP=", step))
		out, err := killed.StdoutPipe()
		if err == nil {
			err = killed.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said, err = bufio.NewReader(out).ReadString('\n')
		_ = killed.Process.Kill()
		_ = killed.Wait()
		if said != "killed\n" && said != "<nil>\n" {
			t.Fatalf("step %d: it says %q, %v", step, said, err)
		}
		auditOf(t, s.bus, fmt.Sprint("killed before step ", step))
	}
	if n := s.messages(one) + s.messages(two); n != 0 || s.messages(three) == 0 {
		t.Errorf("%d messages are left, of window %d %d", n, three, s.messages(three))
	}
	s.wantObjects("contexts", "two", "both")
	if r := auditOf(t, s.bus, "the rest"); r.Outcome != events.Pass || len(r.Archived) != 2 {
		t.Errorf("%s", r.AppendText(nil))
	}
}
