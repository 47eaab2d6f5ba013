package processtest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const asNobody = `setpriv --reuid 65534 --regid 65534 --clear-groups "$@"`

// again marks a process that is started here.
const again = "PROCESSTEST_AGAIN"

// Again tells whether this process was started here.
func Again() bool { return os.Getenv(again) != "" }

// AsOrdinaryUser runs all tests of this package once more as a user who may do nothing
// special. It needs root, and skips the test otherwise.
func AsOrdinaryUser(t *testing.T) {
	run(t, nil, "exec "+asNobody)
}

// WithoutNamespaces runs all tests of this package once more as such a user, who may not
// make namespaces either, as in many containers.
func WithoutNamespaces(t *testing.T) {
	all := []syscall.SysProcIDMap{{Size: 65536}}
	run(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true},
		"echo 0 >/proc/sys/user/max_user_namespaces && exec "+asNobody)
}

func run(t *testing.T, attributes *syscall.SysProcAttr, script string) {
	t.Helper()
	if os.Geteuid() != 0 || Again() {
		t.Skip("it needs root")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "again-") // not t.TempDir, which others cannot look into
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program, tmp := filepath.Join(dir, "program"), filepath.Join(dir, "tmp")
	if err := first(copyProgram(program), os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", script, "sh", program, "-test.v")
	cmd.Dir, cmd.SysProcAttr = "/", attributes
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR=" + tmp, "HOME=" + tmp, again + "=1"}
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	t.Logf("%d passed, %d skipped", strings.Count(string(text), "--- PASS"), strings.Count(string(text), "--- SKIP"))
}

func copyProgram(to string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return first(err, out.Close(), os.Chmod(to, 0o755))
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
