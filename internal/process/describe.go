package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Description is what an executable is, for a record of surroundings.
type Description struct {
	Path     string   `json:"path"`
	Version  string   `json:"version,omitempty"`  // in its own words; "" where it is not known how to ask
	Packages []string `json:"packages,omitempty"` // of a Python, each as name==version, sorted
	Unknown  string   `json:"unknown,omitempty"`  // why something of this could not be found out
}

// described are the answers of earlier questions, by what was asked.
var described sync.Map

// Describe asks a well-known interpreter for its version, and a Python for the packages
// that it finds, in this environment and folder. It asks once as long as the file is the same.
// The error is that of ctx.
func Describe(ctx context.Context, real string, env []string, dir string) (Description, error) {
	key := strings.Join(append([]string{real, dir}, env...), "\x00")
	if info, err := os.Stat(real); err == nil {
		key += fmt.Sprint("\x00", info.Size(), info.ModTime().UnixNano())
	}
	if known, ok := described.Load(key); ok {
		return known.(Description), nil
	}
	d := describe(ctx, real, env, dir)
	if err := ctx.Err(); err != nil {
		return Description{}, err
	}
	described.Store(key, d)
	return d, nil
}

// interpreters are what can be asked, by name without version.
var interpreters = map[string][]string{
	"python": nil, "pypy": nil, // see pythonProgram
	"node": {"--version"}, "deno": {"--version"}, "bun": {"--version"}, "go": {"version"}, "ruby": {"--version"},
	"perl": {"-e", `print "perl $^V"`}, "php": {"--version"}, "java": {"--version"}, "lua": {"-v"}, "julia": {"--version"}, "Rscript": {"--version"},
	"bash": {"--version"}, "zsh": {"--version"}, "jq": {"--version"}, "make": {"--version"}, "gawk": {"--version"},
}

var endOfName = regexp.MustCompile(`[-0-9.]*(\.exe)?$`)

func describe(ctx context.Context, real string, env []string, dir string) Description {
	d := Description{Path: real}
	name := endOfName.ReplaceAllString(filepath.Base(real), "")
	if name == "sh" { // has no version, but is mostly another one's name
		if target, err := filepath.EvalSymlinks(real); err == nil {
			d.Version = filepath.Base(target)
		}
		return d
	}
	question, known := interpreters[name]
	if !known {
		return d
	}
	python := name == "python" || name == "pypy"
	if python {
		question = []string{"-c", pythonProgram}
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, real, question...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = append([]string{}, env...), dir, time.Second
	ask := cmd.CombinedOutput // some say it on standard error
	if python {
		ask = cmd.Output
	}
	said, err := ask()
	if err == nil && python {
		err = json.Unmarshal(said, &d)
		slices.Sort(d.Packages)
		d.Packages = slices.Compact(d.Packages)
	}
	if err != nil {
		d.Unknown = fmt.Sprintf("asked for its version: %v%s", err, saidWrong(err))
		return d
	}
	if !python {
		d.Version, _, _ = strings.Cut(strings.TrimSpace(string(said)), "\n")
	}
	return d
}

// pythonProgram has a Python say its version and packages, as far as it can: those before
// 3.8 do not know their packages. It leaves the folder out in which it runs, whose
// modules may have any names.
const pythonProgram = `
import sys
sys.path[:] = [p for p in sys.path if p]
import json, platform
d = {"version": platform.python_implementation() + " " + " ".join(sys.version.split())}
try:
    from importlib import metadata
    d["packages"] = ["%s==%s" % (p.metadata["Name"], p.version) for p in metadata.distributions() if p.metadata["Name"]]
except Exception as e:
    d["unknown"] = "its packages: %s: %s" % (type(e).__name__, e)
print(json.dumps(d))
`
