package exec

import (
	"slices"
	"strings"
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
