package daemon

import (
	"path/filepath"

	"abraxas.dev/ers/internal/token"
	"abraxas.dev/ers/pkg/bus"
)

// Secrets are what the programs of users are not to see: the stores and files that are
// given, the tokens of this user's servers, the stores of those that run, and the contexts of
// the nats CLI, which name credentials.
func Secrets(given ...string) (list []string) {
	for _, path := range given {
		if absolute, err := filepath.Abs(path); err == nil && path != "" {
			list = append(list, absolute)
		}
	}
	if servers, err := token.Folder(); err == nil {
		list = append(append(list, servers), token.Stores()...)
	}
	if contexts, err := bus.ContextFolder(); err == nil {
		list = append(list, contexts)
	}
	return list
}
