package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir"
	"abraxas.dev/ers/internal/authdir/authtest"
)

// roleOf is the role of each service.
var roleOf = map[string]auth.Role{"ers-coordinator": auth.Coordinator, "ers-hasher": auth.Hasher, "ers-gate": auth.Gate}

// as is a command under a tenant's role, which the environment says.
func as(p *authtest.Place, tenant string, r auth.Role, name string, args ...string) *exec.Cmd {
	in := func(file string) string { return filepath.Join(authdir.RoleFolder(p.Dir, tenant, r), file) }
	cmd := command(name, args...)
	cmd.Env = append(cmd.Env, "NATS_URL="+p.URL, "NATS_NKEY="+in(authdir.SeedFile), "NATS_CA="+in(authdir.CAFile), "NATS_CERT="+in(authdir.CertFile), "NATS_KEY="+in(authdir.KeyFile))
	return cmd
}

// ask runs a command to its end, and returns what it said and its exit code.
func (s *scene) ask(cmd *exec.Cmd) (stdout, stderr string, code int) {
	s.t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // the code says it
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// A window runs from end to end with each party under its own role, on a server that
// refuses everything else. Another tenant sees nothing of it. No seed and no key is seen.
func TestRoles(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, "red", "blue")
	s := newScene(t)
	var running []*process
	for _, name := range services {
		running = append(running, s.launch(name, as(p, "red", roleOf[name], name, "--log-level", "debug")))
	}
	tail := s.launch("tail", as(p, "red", auth.Alert, "ers", "tail", "ers.gate.*"))
	tail.awaitLog("following")
	var said strings.Builder
	for _, step := range []struct {
		role auth.Role
		args []string
		code int
		want string
	}{
		{auth.Submitter, []string{"submit", "-f", small.write(t)}, 0, "PASS"},
		{auth.Submitter, []string{"submit", "--no-wait", "-f", small.write(t)}, 0, ""},
		{auth.Submitter, []string{"wait", "--window", "2"}, 0, "PASS"},
		{auth.Viewer, []string{"list"}, 0, "chain"},
		{auth.Viewer, []string{"show", "--window", "1"}, 0, "PASS"},
		{auth.Viewer, []string{"replay", "--window", "1", "--run", "0"}, 0, `"chain"`},
		{auth.Auditor, []string{"audit"}, 0, ""},
		{auth.Administrator, []string{"streams", "check"}, 0, "ERS_TRACE"},
		{auth.Administrator, []string{"audit"}, 0, ""},
	} {
		out, talk, code := s.ask(as(p, "red", step.role, "ers", step.args...))
		if code != step.code || !strings.Contains(out, step.want) || strings.Contains(strings.ToLower(talk), "violation") {
			t.Errorf("%s %v: code %d\n%s%s", step.role, step.args, code, out, talk)
		}
		said.WriteString(out + talk)
	}
	out, talk, code := s.ask(as(p, "blue", auth.Viewer, "ers", "list"))
	if code != 0 || strings.Contains(out, "chain") {
		t.Errorf("another tenant: code %d\n%s%s", code, out, talk)
	}
	for _, process := range append(running, tail) {
		arguments, err := os.ReadFile("/proc/" + strconv.Itoa(process.cmd.Process.Pid) + "/cmdline")
		if err == nil {
			said.Write(arguments)
		}
		said.WriteString(process.log.String())
	}
	log, err := os.ReadFile(p.Log)
	if err != nil {
		t.Fatal(err)
	}
	said.Write(log)
	for i, secret := range p.Secrets(t) {
		if strings.Contains(said.String(), secret) {
			t.Errorf("secret %d is seen", i)
		}
	}
	for line := range strings.Lines(string(log)) { // nobody tries what it may not
		if strings.Contains(strings.ToLower(line), "violation") {
			t.Error(line)
		}
	}
}

// A command that may not do what it must says so by name at once.
func TestRefusedRoles(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, "red")
	s := newScene(t)
	file := small.write(t)
	if _, talk, code := s.ask(as(p, "red", auth.Submitter, "ers", "submit", "--no-wait", "-f", file)); code != 0 {
		t.Fatal(talk)
	}
	for _, test := range []struct {
		role auth.Role
		args []string
		want string // the subject, and who may
	}{
		{auth.Viewer, []string{"submit", "-f", file}, "only administrator or submitter may publish on ers.window.starlark.chain"},
		{auth.Viewer, []string{"submit", "-f", busy.write(t)}, "only administrator or coordinator or gate or submitter may publish on $O.ERS_OBJECTS.C."},
		{auth.Hasher, []string{"submit", "-f", file}, "may publish on $JS.API.STREAM.MSG.GET.OBJ_ERS_OBJECTS"},
		{auth.Viewer, []string{"cancel", "--window", "1"}, "only administrator may publish on ers.control.cancel.chain.1"},
		{auth.Submitter, []string{"cancel", "--window", "1"}, "only administrator may publish on ers.control.cancel.chain.1"},
		{auth.Submitter, []string{"run", "--nats", p.URL, "-f", file}, "may publish on "},
		{auth.Alert, []string{"list"}, "may publish on $JS.API.STREAM.MSG.GET.ERS_WINDOW"},
		{auth.Alert, []string{"wait", "--window", "1"}, "may publish on $JS.API.STREAM.MSG.GET.ERS_WINDOW"},
		{auth.Alert, []string{"tail", "ers.trace.>"}, "may subscribe to ers.trace.>"},
		{auth.Auditor, []string{"tail"}, "only administrator may subscribe to ers.>"},
	} {
		began := time.Now()
		out, talk, code := s.ask(as(p, "red", test.role, "ers", test.args...))
		if took := time.Since(began); code != 2 || !strings.Contains(talk, test.want) || !strings.Contains(talk, "we are here as "+string(test.role)) || took > 4*time.Second {
			t.Errorf("%s %v: code %d after %v\n%s%s", test.role, test.args, code, took, out, talk)
		}
	}
}
