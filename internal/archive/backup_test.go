package archive

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// documented are the lines of docs/retention.md that back all streams up and restore them.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^for s in .*; done$`).FindAllString(string(text), -1)
	if len(lines) != 2 {
		t.Fatalf("docs/retention.md has the lines %q", lines)
	}
	return lines
}

// shell runs such a line in a folder.
func shell(t *testing.T, s *bustest.Server, dir, line string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", "-e", "-c", line)
	c.Dir, c.Env = dir, append(os.Environ(), "NATS_URL="+s.URL())
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// nats runs the nats CLI on a server.
func nats(t *testing.T, s *bustest.Server, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "nats", append([]string{"--server", s.URL()}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("nats %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Streams that are restored on another server are those that were backed up, with archived
// windows too: the services go on.
func TestBackup(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("nats"); err != nil {
		t.Skip("nats is not on the PATH; it comes with go install github.com/nats-io/natscli/nats@v0.5.0")
	}
	here := bustest.NewServer(t)
	s := newSiteOn(t, bustest.Connect(t, here.URL()))
	stop := s.services()
	one := s.window("p", "one", s.list)
	s.window("p", "two", "both")
	a, dir := s.archive(Choice{Windows: []uint64{one}})
	if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); err != nil {
		t.Fatal(err)
	}
	kept := t.TempDir()
	lines := documented(t)
	shell(t, here, kept, lines[0])
	stop()

	there := bustest.NewServer(t)
	shell(t, there, kept, lines[1])
	restored := newSiteOn(t, bustest.Connect(t, there.URL()))
	stop = restored.services()
	three := restored.window("p", "two", "both")
	stop()
	r := auditOf(t, restored.bus, "what was restored")
	if r.Pass != 2 || len(r.Archived) != 1 || three != 4 {
		t.Errorf("window %d: %s", three, r.AppendText(nil))
	}
	if restored.messages(one) != 0 {
		t.Error("the archived window is there again")
	}
}

// An older backup of one stream beside newer streams is noticed.
func TestOlderBackup(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("nats"); err != nil {
		t.Skip("nats is not on the PATH")
	}
	for _, stream := range []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict} {
		t.Run(stream, func(t *testing.T) {
			server := bustest.NewServer(t)
			s := newSiteOn(t, bustest.Connect(t, server.URL()))
			stop := s.services()
			s.window("p", "one", s.list)
			old := t.TempDir()
			nats(t, server, "stream", "backup", stream, filepath.Join(old, stream), "--no-progress")
			s.window("p", "two", "both")
			s.window("p", "two", "both") // whose request names the verdict before it
			stop()
			nats(t, server, "stream", "rm", stream, "--force")
			nats(t, server, "stream", "restore", filepath.Join(old, stream), "--no-progress")
			b := bustest.Connect(t, server.URL())
			err := b.CheckStanding(t.Context())
			if !errors.Is(err, events.ErrShort) || !strings.Contains(err.Error(), stream+" ends at sequence") || !strings.Contains(err.Error(), "ers repair") {
				t.Errorf("%v", err)
			}
			if r := mustAudit(t, b); r.Outcome != events.Fail {
				t.Errorf("%s", r.AppendText(nil))
			}
		})
	}
}
