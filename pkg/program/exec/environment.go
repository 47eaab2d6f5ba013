package exec

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"abraxas.dev/ers/internal/process"
)

// given are the variables that every process is given as this program has them: where
// programs are found, how text is written, and where toolchains keep what they have
// downloaded, since HOME is another one.
var given = []string{
	"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
	"LD_LIBRARY_PATH", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"CARGO_HOME", "GOCACHE", "GOFLAGS", "GOMODCACHE", "GOPATH", "GOPROXY", "GOROOT", "GOTOOLCHAIN",
	"JAVA_HOME", "NODE_PATH", "NVM_DIR", "PYENV_ROOT", "RUSTUP_HOME", "VIRTUAL_ENV",
}

// caches are those of given that name a folder with what toolchains have installed or
// downloaded. Where the kernel allows, a process can change nothing there: what one run
// leaves would be found by the next.
var caches = []string{"CARGO_HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "GOROOT", "JAVA_HOME", "NVM_DIR", "PYENV_ROOT", "RUSTUP_HOME", "VIRTUAL_ENV"}

// protected are the binds that keep caches as they are for a process that starts in dir.
func protected(dir string) (binds []process.Bind) {
	for _, name := range caches {
		path, err := filepath.EvalSymlinks(os.Getenv(name))
		if err != nil || !filepath.IsAbs(path) {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		if inside(dir, path) || inside(path, dir) { // an overlay protects what is in the folder
			continue
		}
		binds = append(binds, process.Bind{From: path, To: path, ReadOnly: true})
	}
	return binds
}

func inside(path, dir string) bool {
	in, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(in)
}

// Given are those of the variables that every process is given.
func Given(environ []string) (list []string) {
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains(given, name) {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}

// GivenNames are the names of the variables that every process is given.
func GivenNames() []string { return slices.Clone(given) }
