package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"
)

// Another user of the machine can neither read, write nor disturb anything of `ers up` and `ers
// run`: not the bus, not the page, no file and no folder in the store and in TMPDIR, while they
// work and before they come.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	home, err := os.MkdirTemp("", "shared-") // not t.TempDir, which others cannot look into
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	shared := filepath.Join(home, "tmp")
	if err := errors.Join(os.Chmod(home, 0o755), os.Mkdir(shared, 0o700), os.Chmod(shared, os.ModeSticky|0o777)); err != nil {
		t.Fatal(err)
	}
	// The name of our folder for processes is taken by somebody else.
	if out, err := asNobody("mkdir", "-m", "777", filepath.Join(shared, "ers-of-0")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pipeline := filepath.Join(home, "pipeline.yaml")
	if err := os.WriteFile(pipeline, []byte(sleepy), 0o600); err != nil {
		t.Fatal(err)
	}
	allow := filepath.Join(home, "allow.txt")
	if err := os.WriteFile(allow, []byte("any\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scene, address, page := newScene(t), freeAddress(t), freeAddress(t)
	begin := func(args ...string) *process {
		cmd := command("ers", args...)
		cmd.Dir, cmd.Env = home, append(os.Environ(), "TMPDIR="+shared, "NATS_URL=")
		return scene.launch("ers", cmd)
	}
	up := begin("up", "--allow-exec", allow, "--listen", address, "--http", page, "--store", filepath.Join(home, "store"))
	up.awaitLog(page)
	begin("run", "-v", "-f", pipeline, "--store", filepath.Join(home, "other")).awaitLog("window begins")

	if _, err := nats.Connect("nats://" + address); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("the server: %v", err)
	}
	r, err := http.Get("http://" + page + "/api/windows")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("the page: %s: %.200s", r.Status, body)
	}
	open := filepath.Join(shared, "ers-open") // which shows that the search finds what it should
	if err := os.WriteFile(open, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	search := []string{filepath.Join(home, "store"), filepath.Join(home, "other"), shared, "/dev/shm",
		"(", "-path", "*ers*", "-o", "-path", home + "*", ")", "!", "-user", "nobody", "!", "-path", shared, "(", "-readable", "-o", "-writable", ")", "-print"}
	if out, _ := asNobody("find", search...).Output(); strings.TrimSpace(string(out)) != open { // it may not look into all
		t.Errorf("somebody else can read or write:\n%s", out)
	}
	for _, file := range []string{pipeline, filepath.Join(home, "store", "ers.token"), fmt.Sprintf("/proc/%d/environ", up.cmd.Process.Pid)} {
		if out, err := asNobody("cat", file).CombinedOutput(); err == nil {
			t.Errorf("somebody else reads %s: %q", file, out)
		}
	}
	if out, err := asNobody("kill", "-9", fmt.Sprint(up.cmd.Process.Pid)).CombinedOutput(); err == nil {
		t.Errorf("somebody else ends ers up: %s", out)
	}

	// And all of it works.
	cmd := command("ers", "run", "-f", pipeline, "--runs", "3")
	cmd.Dir, cmd.Env = home, append(os.Environ(), "TMPDIR="+shared, "NATS_URL=")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

// sleepy is still at work while the test looks at it.
const sleepy = `
name: sleepy
ticks: 1
budget: {forecast: {ops: 0, entropy: 0}, shadow: {ops: 0, entropy: 0}}
context: {}
tasks:
  - {name: sleep, lane: forecast, command: {run: [sh, -c, 'echo x > made; sleep 3; pwd']}}
`

// asNobody is a command of a user who has nothing to do with ERS.
func asNobody(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, Groups: []uint32{}}}
	cmd.Dir = "/"
	return cmd
}
