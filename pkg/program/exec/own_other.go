//go:build !unix

package exec

import (
	"errors"
	"os"
)

func ownFolder(string) error { return errors.New("folders have no owner that could be looked at here") }

func hold(*os.File) error { return nil }
