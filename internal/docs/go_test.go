package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/testsize"
)

var (
	// fileBlock is a file in a document: its name in a line that ends with a colon, and its text.
	fileBlock = regexp.MustCompile("(?s)`([\\w./-]+)`:\n\n```\\w+\n(.*?)```\n")

	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```\n")
)

// The program of docs/go.md is built in a module of its own, and its commands print what
// stands below them.
func TestGoTasks(t *testing.T) {
	testsize.NeedsWhole(t)
	text := readFile(t, "docs/go.md")
	dir := filepath.Join(t.TempDir(), "words")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	const version = "go 1.26.0\n\n"
	files := map[string]string{
		"go.mod":     "module example.com/words\n\n" + version,
		"../go.work": version + "use (\n\t" + dir + "\n\t" + here + "\n)\n",
	}
	for _, found := range fileBlock.FindAllStringSubmatch(text, -1) {
		files[found[1]] = found[2]
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkConsole(t, text, dir)
}

func TestGoExample(t *testing.T) {
	testsize.NeedsWhole(t)
	checkConsole(t, readFile(t, "examples/go-tasks/README.md"), filepath.Join(root, "examples/go-tasks"))
}

// checkConsole runs the commands of a document's console blocks in a folder, in which ers
// is on the PATH. What they print must be what stands below them, where … stands for
// anything in a line, and for any lines when it is one by itself.
func checkConsole(t *testing.T, text, dir string) {
	t.Helper()
	env := withCommands(t)
	commands := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(text, -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			commands++
			command, want, _ := strings.Cut(part, "\n")
			c := exec.CommandContext(t.Context(), "bash", "-c", command)
			c.Dir, c.Env = dir, env
			printed, err := c.CombinedOutput()
			if _, exit := err.(*exec.ExitError); err != nil && !exit {
				t.Fatal(err)
			}
			got := string(estimate.ReplaceAll(printed, nil))
			if !matches(strings.TrimSuffix(want, "\n"), strings.TrimSuffix(got, "\n")) {
				t.Errorf("$ %s\n%s\nwant\n%s", command, got, want)
			}
		}
	}
	if commands == 0 {
		t.Fatal("no commands found")
	}
}

// matches tells whether a text is the one that is wanted, see checkConsole.
func matches(want, got string) bool {
	var pattern strings.Builder
	for line := range strings.Lines(want) {
		if strings.TrimSuffix(line, "\n") == "…" {
			pattern.WriteString("(?s:.*)")
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", "[^\n]*"))
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(got)
}
