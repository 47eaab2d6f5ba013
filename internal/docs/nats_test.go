//go:build unix

package docs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// natsLines are the lines of the documents that call the nats CLI, with a text that each
// must print. They are run from top to bottom, but for those that listen: these are
// begun first, and must print it until the last window has failed.
var natsLines = []struct{ line, want string }{
	{"nats context select ers", `NATS Configuration Context "ers"`},

	{"nats sub ers.gate.fail", `"outcome":"fail"`},
	{"nats --context ers sub ers.gate.fail", `"outcome":"fail"`},
	{"nats sub 'ers.gate.*'", `Received on "ers.gate.fail"`},
	{"nats sub 'ers.trace.>' --translate 'ers decode'", `{"v":2,`},
	{"nats sub 'ers.verdict.>' --all", "subject: ers.verdict.pass.words.1 "},
	{"nats sub ers.trace.words.1.0 --all --translate 'ers decode'", `"run":0,"first_tick":0,"ticks":2,"tick":1,`},
	{"nats sub 'ers.digest.words.>' --start-sequence 2", "stream: ERS_DIGEST seq: 2 "},

	{"nats consumer add ERS_VERDICT pager --filter 'ers.verdict.fail.>' --pull --deliver all --ack explicit --defaults", "Filter Subject: ers.verdict.fail.>"},
	{"nats consumer next ERS_VERDICT pager --raw", `"outcome":"fail"`},
	{"nats consumer info ERS_VERDICT pager", "Last Delivered Message: Consumer sequence: 1 Stream sequence: 2 "},

	{"nats stream get ERS_VERDICT --last-for 'ers.verdict.*.words.1'", `"outcome":"pass"`},
	{"nats stream get ERS_WINDOW 1", `"schema":"ers.window.v2"`},
	{"nats stream get ERS_WINDOW <window> --json | jq -j .data | base64 -d | sha256sum", "<request>"},
	{"nats stream get ERS_TRACE 12 --translate 'ers decode'", `"pipeline":"words","window":2,`},
	{"nats stream get <stream> <seq>", "Item: ERS_DIGEST#2 "},
	{"nats stream subjects ERS_VERDICT", "ers.verdict.pass.words.1 "},
	{"nats object get ERS_OBJECTS <sha256> --output definition.json", "definition.json"},

	{"nats micro list", "ers-gate"},
	{"nats micro stats ers-hasher", "ers-hasher Service Statistics"},
	{"nats request ers.stats.ers-gate ''", `"inconclusive":0`},
}

// alarmed are the programs of subjects.md that are told of a fail. <url> is the address
// with its token.
var alarmed = []struct{ line, want string }{
	{"python3 alarm.py", " of words failed: ers submit -f words.yaml"},
	{"NATS_URL=<url> ./alarm", " of words failed: ers submit -f words.yaml"},
}

// Every line of a document that calls the nats CLI does what it says, on the server of
// `ers up`.
func TestNatsLines(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"nats", "jq", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not on the PATH; the nats CLI comes with go install github.com/nats-io/natscli/nats@v0.5.0", tool)
		}
	}
	var known []string
	for _, l := range natsLines {
		known = append(known, l.line)
	}
	if found := findNatsLines(t); !sameSet(found, known) {
		t.Fatalf("the documents have the lines\n%s\nand natsLines the lines\n%s", strings.Join(found, "\n"), strings.Join(known, "\n"))
	}
	s := startShell(t)
	s.submit(t, "")
	s.values = strings.NewReplacer("<window>", "1", "<stream>", "ERS_DIGEST", "<seq>", "2",
		"<sha256>", load(t, readSubjects(t)).Definition.SHA256(), "<request>", s.request(t), "<url>", strings.Replace(s.url, "//", "//"+s.do(t, "cat ers-data/ers.token")+"@", 1))
	s.run(t, 0)
	s.listen(t)
	for i, l := range natsLines[1:] {
		if !strings.Contains(l.line, " sub ") {
			s.run(t, i+1)
		}
	}
}

var (
	natsBlock  = regexp.MustCompile(`(?m)^(?:    )?(?:\$ )?(nats [^#\n]+)`)
	natsInline = regexp.MustCompile("`(nats [^`\n]+)`")
)

// findNatsLines returns the lines of all documents that call the nats CLI, each once.
func findNatsLines(t *testing.T) (lines []string) {
	t.Helper()
	for _, file := range documentFiles(t) {
		text := readFile(t, file)
		for _, pattern := range []*regexp.Regexp{natsBlock, natsInline} {
			for _, found := range pattern.FindAllStringSubmatch(text, -1) {
				lines = append(lines, strings.TrimSpace(found[1]))
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// shell is where the lines are run: a folder with the pipeline of the examples, the
// commands of ERS on the PATH, and the server of `ers up` with services beside it.
type shell struct {
	dir    string
	env    []string
	url    string
	values *strings.Replacer // for what stands between < and >
}

func startShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{dir: t.TempDir()}
	m := readSubjects(t)
	for name, mark := range map[string]string{"words.yaml": "yaml pipeline words.yaml", "alarm.py": "python alarm.py", "alarm.go": "go alarm.go"} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(m.block(t, mark)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := goBuild(filepath.Join(s.dir, "alarm"), filepath.Join(s.dir, "alarm.go")); err != nil {
		t.Fatal(err)
	}
	s.env = append(withCommands(t), "HOME="+s.dir, "XDG_CONFIG_HOME="+filepath.Join(s.dir, ".config"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	up := s.begin(t, "ers up --listen 127.0.0.1:0 --http=").await(ctx, t, `nats=(nats://\S+)`)
	if up == nil {
		t.Fatal("ers up names no server")
	}
	s.url = up[1]
	for _, service := range []string{"ers-hasher", "ers-gate"} {
		if s.begin(t, service+" --nats "+s.url).await(ctx, t, `"started"`) == nil {
			t.Fatalf("%s does not start", service)
		}
	}
	return s
}

func (s *shell) begin(t *testing.T, command string) *listener {
	t.Helper()
	return begin(t, s.env, s.dir, command)
}

// do runs a command to its end and returns what it prints. One that fails on purpose has
// the exit code 1.
func (s *shell) do(t *testing.T, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", command)
	c.Dir, c.Env = s.dir, s.env
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != 0 && !(code == 1 && strings.HasPrefix(string(out), "FAIL")) {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

// submit asks for a window of the examples and waits for its verdict.
func (s *shell) submit(t *testing.T, more string) {
	t.Helper()
	s.do(t, "ers submit -f words.yaml --nats "+s.url+more+" 2>/dev/null")
}

// request is the SHA-256 of the first window's request, as its verdict has it.
func (s *shell) request(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(s.do(t, "ers list --nats "+s.url+" --json | head -n 1 | jq -r .request"))
}

// run runs a line that ends by itself.
func (s *shell) run(t *testing.T, i int) {
	t.Helper()
	line, want := s.values.Replace(natsLines[i].line), s.values.Replace(natsLines[i].want)
	if out := s.do(t, line); !strings.Contains(out, want) {
		t.Errorf("%s prints no %s:\n%s", line, want, out)
	}
}

// listen begins the lines that listen, and lets windows fail until each has printed what
// it must: the first one may come before a line listens.
func (s *shell) listen(t *testing.T) {
	t.Helper()
	var listeners []*listener
	var wants []string
	for _, l := range slices.Concat(alarmed, natsLines) {
		if strings.Contains(l.line, " sub ") || strings.Contains(l.line, "alarm") {
			listeners, wants = append(listeners, s.begin(t, s.values.Replace(l.line))), append(wants, regexp.QuoteMeta(l.want))
		}
	}
	for range 20 {
		s.submit(t, " --drill run=1,tick=1,task=text:measure,kind=value")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		missing := ""
		for i, p := range listeners {
			if p.await(ctx, t, wants[i]) == nil {
				missing = p.name
			}
		}
		if cancel(); missing == "" {
			return
		}
		t.Logf("%s has not heard of the fail", missing)
	}
	t.Fatal("20 windows have failed")
}
