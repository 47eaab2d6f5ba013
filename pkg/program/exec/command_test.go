package exec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

// shell makes a pipeline of one command, a script for sh.
func shell(script string, change ...func(*program.Task)) *program.Definition {
	t := program.Task{Name: "t", Lane: events.Forecast, Tags: []string{}, Command: &program.Command{
		Process: program.Process{Command: []string{"sh", "-c", script}, Timeout: 100_000, Network: program.NetworkOn}}}
	for _, f := range change {
		f(&t)
	}
	return &program.Definition{Schema: program.DefinitionSchema, Name: "p", Kind: program.KindExec, Tasks: []program.Task{t}}
}

// try runs a command once on a folder, and returns its value or why the run is given up.
func try(t *testing.T, m memory, dir string, d *program.Definition) (canon.Value, *Run, error) {
	t.Helper()
	if f := d.Check(); f != nil {
		t.Fatal(f.Plain())
	}
	p, err := Load(t.Context(), Config{Objects: m, Dir: dir, Log: zerolog.New(zerolog.NewTestWriter(t))}, d)
	if err != nil {
		return "", nil, err
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	r := newRun(t, p)
	tick, err := r.Tick(t.Context(), 0, scheduler.Budgets{}, canon.Value(`{"x":1}`))
	if err != nil {
		return "", r, err
	}
	return tick.Results[0].Value, r, nil
}

func write(t *testing.T, dir string, files ...string) string {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// member returns a member of an object.
func member(v canon.Value, path ...string) canon.Value {
	for _, name := range path {
		found := canon.Value("")
		for key, value := range v.Members() {
			if key == name {
				found = value
			}
		}
		v = found
	}
	return v
}

// What a command does to its folder is in its value, and not in the folder.
func TestCommandFiles(t *testing.T) {
	dir := write(t, t.TempDir(), "a.txt", "old\n", "gone.txt", "x\n", "same.txt", "same\n", "sub/b.txt", "b\n")
	v, _, err := try(t, memory{}, dir, shell(`echo new > a.txt; rm gone.txt; touch same.txt; echo c > sub/c.txt; chmod +x sub/b.txt; ln -s a.txt link; mkdir empty; cat a.txt; pwd >&2`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a.txt":{"executable":false,"text":["new"],"type":"file"},"empty":{"type":"folder"},"gone.txt":{"type":"deleted"},` +
		`"link":{"target":"a.txt","type":"link"},"sub/b.txt":{"executable":true,"text":["b"],"type":"file"},"sub/c.txt":{"executable":false,"text":["c"],"type":"file"}}`
	if got := member(v, "files"); string(got) != want {
		t.Errorf("files: %s\nwant   %s", got, want)
	}
	if got := member(v, "stdout"); got != `{"text":["new"]}` {
		t.Errorf("stdout: %s", got)
	}
	if process.Look().Overlay.OK { // it sees the folder at its own path
		resolved, err := filepath.EvalSymlinks(dir)
		if got := member(v, "stderr"); err != nil || string(got) != `{"text":["`+resolved+`"]}` {
			t.Errorf("stderr: %s", got)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a.txt")); string(text) != "old\n" || err != nil {
		t.Errorf("a.txt is %q now (%v)", text, err)
	}
}

func TestCommandAround(t *testing.T) {
	t.Setenv("PASSED", "as it is")
	t.Setenv("SECRET", "not to be seen")
	m := memory{}
	input := m.add("", "from stdin\n")
	dir := t.TempDir()
	v, _, err := try(t, m, dir, shell(`cat; echo "$PASSED, $GIVEN, $SECRET"; [ "$HOME" != "`+os.Getenv("HOME")+`" ] && echo own home > "$HOME/x"; echo t > "$TMPDIR/x"; kill -SEGV $$`, func(t *program.Task) {
		t.Command.Pass, t.Command.Env = []string{"PASSED"}, []program.Variable{{Name: "GIVEN", Value: "a value"}}
		t.Command.Stdin = &input
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"files":{},"signal":"SIGSEGV","stderr":{"text":[]},"stdout":{"text":["from stdin","as it is, a value, "]}}`; string(v) != want {
		t.Errorf("got  %s\nwant %s", v, want)
	}
}

// Without standard input of its own a command reads the tick, as a worker is told it.
func TestCommandReadsTheTick(t *testing.T) {
	v, _, err := try(t, memory{}, t.TempDir(), shell("cat"))
	want := `{"json":{"context":{"x":1},"results":[],"tasks":["t"],"tick":0,"type":"tick"}`
	if got := member(v, "stdout"); err != nil || !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s, want %s (%v)", got, want, err)
	}
}

// With files of its own a command needs no folder of the machine.
func TestCommandWithFiles(t *testing.T) {
	m := memory{}
	script := m.add("run.sh", "#!/bin/sh\necho $(cat data/x) > out; echo $0 | tail -c 7\n")
	script.Executable = true
	d := shell("", func(t *program.Task) {
		t.Command.Command, t.Command.Files = []string{"./run.sh"}, []program.File{m.add("data/x", "42"), script}
	})
	v, _, err := try(t, m, "", d)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"exit":0,"files":{"out":{"executable":false,"text":["42"],"type":"file"}},"stderr":{"text":[]},"stdout":{"text":["run.sh"]}}`; string(v) != want {
		t.Errorf("got  %s\nwant %s", v, want)
	}
	_, _, err = try(t, m, "", shell("true"))
	if want := "name its files in the pipeline file"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Setup and probe run around each run, and what the probe says is compared.
func TestSetupAndProbe(t *testing.T) {
	dir := write(t, t.TempDir(), "count", "0\n")
	inPlace := func(t *program.Task) {
		t.Command.InPlace, t.Command.Setup, t.Command.Probe = true, "echo 1 > count", "cat count"
	}
	v, _, err := try(t, memory{}, dir, shell("echo 2 >> count", inPlace))
	if want := `{"exit":0,"files":{"count":{"executable":false,"text":["1","2"],"type":"file"}},"probe":{"text":["1","2"]},"stderr":{"text":[]},"stdout":{"text":[]}}`; string(v) != want || err != nil {
		t.Errorf("got  %s\nwant %s (%v)", v, want, err)
	}
	for _, c := range []struct{ setup, probe, want string }{
		{"echo no >&2; exit 3", "", "setup ended with exit status 3; the end of its standard error: no"},
		{"", "false", "probe ended with exit status 1"},
	} {
		_, _, err := try(t, memory{}, dir, shell("true", func(t *program.Task) { t.Command.Setup, t.Command.Probe = c.setup, c.probe }))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// Rules make the value that is compared; the raw bytes are objects beside it.
func TestCommandRules(t *testing.T) {
	ignore, err := rules.ParseIgnore("stdout#json:/date")
	if err != nil {
		t.Fatal(err)
	}
	m := memory{}
	v, r, err := try(t, m, t.TempDir(), shell(`echo '{"date": 17, "n": 1}'`, func(t *program.Task) { t.Rules = []rules.Rule{ignore} }))
	if got := member(v, "stdout"); got != `{"json":{"n":1}}` || err != nil {
		t.Errorf("got %s (%v)", got, err)
	}
	x := r.Extra()
	if len(x.Objects) != 1 || x.Objects[0].Name != "stdout" || string(m[x.Objects[0].SHA256]) != "{\"date\": 17, \"n\": 1}\n" {
		t.Errorf("objects: %+v", x.Objects)
	}
	if len(r.ruled) != 1 || r.ruled[0].Counts[0] != 1 {
		t.Errorf("counts: %+v", r.ruled)
	}
}

// Large contents are objects; what ends a command from outside gives the run up.
func TestCommandLimits(t *testing.T) {
	m := memory{}
	v, _, err := try(t, m, t.TempDir(), shell("seq 100000"))
	object := member(v, "stdout", "object")
	sha, _ := member(object, "sha256").Text()
	if err != nil || len(m[sha]) != 588895 || member(object, "size") != "588895" {
		t.Errorf("got %s, %d bytes (%v)", object, len(m[sha]), err)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	inTime(t, `task "t": `+sh+` was ended: it took longer than %v: raise timeout (--run-timeout of `+"`ers try`"+`), or let it do less; the end of its standard error: before`, func(limit time.Duration) error {
		_, _, err := try(t, m, t.TempDir(), shell("echo before >&2; sleep 100", func(t *program.Task) { t.Command.Timeout = limit.Milliseconds() }))
		return err
	})
	for script, want := range map[string]string{"kill -KILL $$": "SIGKILL", "exec /no/such/thing || exit 5": ""} {
		_, _, err := try(t, m, t.TempDir(), shell(script, func(t *program.Task) { t.Command.Timeout = 100_000 }))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", script, err, want)
		}
	}
}

// What is not there is said before anything runs.
func TestNoSuchProgram(t *testing.T) {
	d := shell("true")
	d.Tasks[0].Command.Command = []string{"no-such-program"}
	if _, _, err := try(t, memory{}, t.TempDir(), d); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("got %v", err)
	}
}

// What toolchains have installed is seen, and cannot be changed: a run would find what
// another one left.
func TestCachesAreProtected(t *testing.T) {
	if !process.Look().Overlay.OK {
		t.Skip("no mounts can be had here")
	}
	cache := write(t, t.TempDir(), "module", "here\n")
	t.Setenv("GOMODCACHE", cache)
	v, _, err := try(t, memory{}, t.TempDir(), shell(`cat "$GOMODCACHE/module"; echo x 2>/dev/null > "$GOMODCACHE/new" || echo protected`))
	if got := member(v, "stdout"); got != `{"text":["here","protected"]}` || err != nil {
		t.Errorf("got %s (%v)", got, err)
	}
	if _, err := os.Stat(filepath.Join(cache, "new")); !os.IsNotExist(err) {
		t.Errorf("the cache has changed: %v", err)
	}
	inside := t.TempDir()
	t.Setenv("VIRTUAL_ENV", filepath.Join(inside, ".venv"))
	write(t, inside, ".venv/a", "x\n")
	v, _, err = try(t, memory{}, inside, shell(`echo y > .venv/a && cat .venv/a`))
	if got := member(v, "stdout"); got != `{"text":["y"]}` || err != nil {
		t.Errorf("in the folder: %s (%v)", got, err)
	}
}

// A file system in memory is the run's own: what is there takes nothing from others without
// end, says nothing to them, and is gone with the run.
func TestMemoryFolderIsItsOwn(t *testing.T) {
	if !process.Look().Overlay.OK {
		t.Skip("no mounts can be had here")
	}
	write(t, memoryFolder, "ers-test-of-another", "x\n")
	t.Cleanup(func() { _ = os.Remove(memoryFolder + "/ers-test-of-another") })
	v, _, err := try(t, memory{}, t.TempDir(), shell(`ls -A /dev/shm; echo x > /dev/shm/ers-test-left; ls -A /dev/shm`))
	if got := member(v, "stdout"); got != `{"text":["ers-test-left"]}` || err != nil {
		t.Errorf("got %s (%v)", got, err)
	}
	if _, err := os.Stat(memoryFolder + "/ers-test-left"); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
	_, _, err = try(t, memory{}, t.TempDir(), shell(`head -c 9000000 /dev/zero > /dev/shm/much; sleep 1000`, func(t *program.Task) { t.Command.Disk = 5 << 20 }))
	if err == nil || !strings.Contains(err.Error(), "more than the 5MiB that it may have on the disk") {
		t.Error(err)
	}
}

// The places of other runs, and the stores of others who run windows, are not seen.
func TestPlacesOfOthersAreHidden(t *testing.T) {
	if !process.Look().Overlay.OK {
		t.Skip("no mounts can be had here")
	}
	private, err := privatePlaces()
	if err != nil {
		t.Fatal(err)
	}
	other := load(t, memory{}, shell("true"))
	if !inside(other.scratch, private) {
		t.Fatalf("%s is not in %s", other.scratch, private)
	}
	store := filepath.Join(os.TempDir(), fmt.Sprintf("ers-%d", os.Getpid()))
	if err := os.Mkdir(store, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(store) })
	write(t, store, "ers.token", "secret")
	v, _, err := try(t, memory{}, t.TempDir(), shell("ls -A "+private+" "+store+" | grep -v :; echo x 2>/dev/null >"+private+"/x || echo kept"))
	if got := member(v, "stdout"); got != `{"text":["","kept"]}` || err != nil {
		t.Errorf("got %s (%v)", got, err)
	}
}
