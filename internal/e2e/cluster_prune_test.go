//go:build cluster && unix

package e2e

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/archive"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Windows are archived and pruned while servers are killed and come back, and the commands too: in
// the end all that was acknowledged is on the servers or in the archives, and every audit passes.
func TestClusterPrune(t *testing.T) {
	c := newCluster(t)
	k := &keeper{cluster: c, copies: t.TempDir()}
	c.during(func() {
		c.progress("at the start")
		for range max(1, *rounds/2) {
			k.keep(k.archivable(4))
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, dir := range k.archives {
			c.want.Archives = append(c.want.Archives, k.open(dir).Conn())
		}
	})
	k.audit()

	// When nobody asks for windows any more, the objects are freed too.
	freed := len(k.archives)
	k.keep(1 << 40)
	c.want.Archives = append(c.want.Archives, k.open(k.archives[freed]).Conn())
	c.check(c.bus, 0)
	if names, err := c.bus.ObjectNames(c.ctx); err != nil || len(names) > 0 {
		t.Errorf("%d objects are left, %v", len(names), err)
	}
	for _, dir := range k.archives {
		if out, err := k.ers("audit", "--store", dir).CombinedOutput(); err != nil {
			t.Errorf("audit of %s: %v\n%s", dir, err, out)
		}
	}
}

// keeper archives windows of a cluster, and prunes.
type keeper struct {
	*cluster
	copies   string // where commands copy archives to
	archives []string
	freed    int
}

// ers is a command on the cluster, or on a folder.
func (k *keeper) ers(args ...string) *exec.Cmd {
	cmd := command("ers", args...)
	cmd.Env = append(cmd.Env, "TMPDIR="+k.copies)
	return cmd
}

// archivable waits until there are so many windows with a verdict beyond those that are freed, and returns
// the number of a newer window. Behind it is one of each pipeline, so that all objects are named on.
func (k *keeper) archivable(n int) (before uint64) {
	k.t.Helper()
	for k.ctx.Err() == nil {
		_, judged, err := k.count(k.ctx, k.bus)
		if err == nil && int(judged) >= k.freed+n+3 {
			break
		}
		k.sleep(100 * time.Millisecond)
	}
	var numbers []uint64
	for m, err := range k.bus.Read(k.ctx, events.StreamWindow, events.WindowSubjects, 1, 0) {
		if err != nil {
			k.t.Fatal(err)
		}
		numbers = append(numbers, m.Seq)
	}
	return numbers[len(numbers)-3]
}

// keep archives the windows before one, and frees them, while servers are killed.
func (k *keeper) keep(before uint64) {
	k.t.Helper()
	dir := filepath.Join(k.t.TempDir(), "archive")
	k.whatever(events.StreamDigest, "archive", "--before", fmt.Sprint(before), "-o", dir, "--nats", k.url)
	k.archives = append(k.archives, dir)
	k.whatever(events.StreamTrace, "prune", "--archived", dir, "--nats", k.url)
	out, err := k.ers("prune", "--archived", dir, "--nats", k.url).CombinedOutput() // which finds all done
	if err != nil || !strings.Contains(string(out), "windows freed: 0, ") {
		k.t.Errorf("prune once more: %v\n%s", err, out)
	}
	m, _, err := archive.ReadManifest(dir)
	if err != nil {
		k.t.Fatal(err)
	}
	k.freed += len(m.Windows)
}

// whatever runs a command until it ends well. Meanwhile the leader of a stream is killed, and once the
// command itself.
func (k *keeper) whatever(stream string, args ...string) {
	k.t.Helper()
	for try := 0; ; try++ {
		victim := k.servers[k.leader(stream)]
		cmd := k.ers(args...)
		text := newLogBuffer()
		cmd.Stdout, cmd.Stderr = text, text
		begun := time.Now()
		if err := cmd.Start(); err != nil {
			k.t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		k.pause(time.Duration(200+400*try) * time.Millisecond)
		k.kill(victim, 0)
		if try == 0 {
			k.pause(200 * time.Millisecond)
			_ = cmd.Process.Kill() // or it has ended
		}
		err := k.await(cmd, ended)
		k.t.Logf("%s without %s: %v after %v: %s", args[0], victim.name, err, time.Since(begun).Round(10*time.Millisecond), strings.TrimSpace(text.String()))
		k.back(victim)
		if err == nil {
			return
		}
		if k.ctx.Err() != nil || try > 5 {
			k.t.Fatalf("%v does not end well", args)
		}
	}
}

// await waits for the end of a command, which must come.
func (k *keeper) await(cmd *exec.Cmd, ended chan error) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(slower * time.Minute):
		_ = cmd.Process.Kill()
		k.t.Errorf("%v hangs", cmd)
		return errors.Join(errors.New("it hangs"), <-ended)
	}
}

// open opens an archive until the test ends.
func (k *keeper) open(dir string) *bus.Bus {
	k.t.Helper()
	b, err := embedded.OpenCopy(k.t.Context(), embedded.Config{StoreDir: dir}, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = b.Close() })
	return b
}

// audit audits what is on the servers.
func (k *keeper) audit() {
	k.t.Helper()
	out, err := k.ers("audit", "--nats", k.url).CombinedOutput()
	if err != nil || strings.Count(string(out), "  archived       window") != k.freed {
		k.t.Errorf("audit, with %d windows archived: %v\n%s", k.freed, err, out)
	}
}
