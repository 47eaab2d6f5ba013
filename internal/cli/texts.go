package cli

import (
	"fmt"
	"os"
	"reflect"

	"github.com/alecthomas/kong"
)

// texts make flags and arguments take texts and paths byte for byte. Kong itself changes
// those that are not UTF-8, and a file of that name is then not found.
func texts() []kong.Option {
	return []kong.Option{
		kong.KindMapper(reflect.String, text(func(s string) (string, error) { return s, nil })),
		kong.NamedMapper("path", text(func(s string) (string, error) { return expand(s), nil })),
		kong.NamedMapper("existingdir", text(existingDir)),
		kong.NamedMapper("existingfile", text(existingFile)),
	}
}

// text takes the text that stands behind a flag.
func text(read func(string) (string, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		t, err := ctx.Scan.PopValue("text")
		if err != nil {
			return err
		}
		s, err := read(fmt.Sprint(t.Value))
		if err == nil {
			target.SetString(s)
		}
		return err
	}
}

// expand makes a path absolute. A dash stands for a standard stream.
func expand(path string) string {
	if path == "-" {
		return path
	}
	return kong.ExpandPath(path)
}

func existingDir(path string) (string, error) {
	path = kong.ExpandPath(path)
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q is a file: want a folder", path)
	}
	return path, err
}

func existingFile(path string) (string, error) {
	path = expand(path)
	if path == "-" {
		return path, nil
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%q is a folder: want a file", path)
	}
	return path, err
}
