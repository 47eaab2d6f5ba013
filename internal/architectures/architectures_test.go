package architectures

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/internal/testsize"

	_ "abraxas.dev/ers/internal/cli" // is what is built: so that go test knows when its cache is old
)

// qemus are the programs that run those of other processors, by GOARCH.
var qemus = map[string]string{"arm64": "qemu-aarch64-static", "riscv64": "qemu-riscv64-static", "s390x": "qemu-s390x-static"}

func TestArchitectures(t *testing.T) {
	testsize.NeedsWhole(t) // building takes a while
	if runtime.GOOS != "linux" {
		t.Skip("qemu-user runs programs of Linux")
	}
	// In the normal mode what is pure is tested on one of them: the whole is built for minutes.
	long := os.Getenv("ERS_LONG") != ""
	archs, here := []string{"s390x"}, programs{}
	if long {
		archs, here = append(archs, "arm64", "riscv64"), build(t, "")
	}
	for _, arch := range archs {
		t.Run(arch, func(t *testing.T) {
			qemu, err := exec.LookPath(qemus[arch])
			if err != nil {
				t.Skipf("%v: install qemu-user-static", err)
			}
			run(t, foreign(arch), "", "go", "test", "-exec", qemu,
				"abraxas.dev/ers/internal/portable", "abraxas.dev/ers/pkg/canon", "abraxas.dev/ers/pkg/scheduler", "abraxas.dev/ers/pkg/sure")
			if !long {
				return
			}
			there := build(t, arch)
			if err := exec.Command(there.ers, "version").Run(); err != nil {
				t.Skipf("%v: mount binfmt_misc and name qemu there, as .ci/run does", err)
			}
			for _, file := range []string{"../../examples/oracle/pipeline.yaml", "testdata/numbers.yaml", "testdata/command.yaml", goTasks} {
				t.Run(strings.TrimPrefix(file, "../../"), func(t *testing.T) { compare(t, here, there, file) })
			}
		})
	}
}

const goTasks = "../../examples/go-tasks/pipeline.yaml"

// compare runs a pipeline with both programs. The verdicts must be the same, and the
// record that was made there must be what is computed from it here.
func compare(t *testing.T, here, there programs, file string) {
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(p programs) (map[string]any, string) {
		dir, name := t.TempDir(), p.ers
		if file == goTasks {
			name = p.orders
		}
		var v map[string]any
		// The request has the command: the same on both, with the store in the folder.
		out := run(t, p.env(), dir, name, "run", "--json", "--store", "kept", "-f", path)
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if v["outcome"] != "pass" {
			t.Errorf("%s", out)
		}
		delete(v, "digest_seq") // the digests of several runs come in any order
		return v, dir
	}
	want, _ := verdict(here)
	got, dir := verdict(there)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-here +there\n%s", diff)
	}
	run(t, here.env(), dir, here.ers, "audit", "--store", "kept")
}

// programs are the built commands.
type programs struct{ ers, orders, dir string }

// build builds for a processor, "" for this one.
func build(t *testing.T, arch string) programs {
	t.Helper()
	p := programs{dir: t.TempDir()}
	p.ers, p.orders = filepath.Join(p.dir, "ers"), filepath.Join(p.dir, "go-tasks")
	run(t, foreign(arch), "", "go", "build", "-o", p.dir+string(filepath.Separator), "abraxas.dev/ers/cmd/ers", "abraxas.dev/ers/examples/go-tasks")
	return p
}

// foreign is the environment in which go builds for a processor, "" for this one.
func foreign(arch string) []string {
	if arch == "" {
		return os.Environ()
	}
	return append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
}

// env is an environment that names no server.
func (p programs) env() []string {
	return append(os.Environ(), "NATS_URL=", "NATS_CREDS=", "XDG_CONFIG_HOME="+p.dir)
}

// run runs a command in a folder, which must end well, and returns what it printed.
func run(t *testing.T, env []string, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = env, dir
	out, err := cmd.Output()
	if err != nil {
		said := ""
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			said = string(e.Stderr)
		}
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, said)
	}
	return out
}
