package ers

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// mainPackage is the path of the program's main package. A test of it is the same
// program.
func mainPackage() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "" {
		return unknownPackage
	}
	return strings.TrimSuffix(info.Path, ".test")
}

// unknownPackage is what the go command calls a program that is given as files; one that
// it did not build has no other name either.
const unknownPackage = "command-line-arguments"

// facts are what is known of the program's build, by name.
type facts map[string]string

// build looks once: the program does not change while it runs.
var build = sync.OnceValue(func() facts {
	f := facts{"kit": "go", "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "main": mainPackage()}
	if info, ok := debug.ReadBuildInfo(); ok {
		f["version"] = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision", "vcs.modified":
				f[s.Key] = s.Value
			}
		}
	}
	f["binary_sha256"] = binaryHash()
	for name, value := range f {
		if value == "" {
			delete(f, name)
		}
	}
	return f
})

// binaryHash is the SHA-256 of the running program, "" where it cannot be read.
func binaryHash() string {
	name, err := os.Executable()
	if runtime.GOOS == "linux" {
		name, err = "/proc/self/exe", nil // also when the file was replaced meanwhile
	}
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// surroundings are what a run in this process has around it that must not matter, for the
// record. The environment is not among them: a program's holds what is nobody's business.
func surroundings(of vary.Run) (canon.Value, error) {
	around := process.Machine()
	around["build"] = map[string]string(build())
	if of.Any() {
		of.Within(program.Variations(program.KindGo)).AddTo(around)
	}
	return canon.Of(around)
}
