// Package starter has what `ers init` writes: a commented pipeline that passes, with what
// it is made of. A kind is a folder below files, any is for all; NAME in a text is the
// pipeline's name, and .txt behind a name keeps go commands away.
package starter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/docs"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/python"
)

//go:embed files
var files embed.FS

// The kinds of pipelines.
const (
	Starlark = "starlark"
	Python   = "python"
	Command  = "command"
	Go       = "go"
)

// File is one to write.
type File struct {
	Path string // relative, with slashes
	Data []byte
}

// gitignore is the one file that a folder may have before. It is left as it is.
const gitignore = ".gitignore"

// Files are those of a pipeline, ascending by path. version is that of the module of ERS,
// for a program in Go; one that cannot be had by a go command is left out.
func Files(kind, name, version string) ([]File, error) {
	list := []File{{"pipeline.schema.json", docs.PipelineSchema}}
	add := func(from fs.FS, folder, to string) error {
		return fs.WalkDir(from, folder, func(p string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(from, p)
			if p = strings.TrimSuffix(path.Join(to, strings.TrimPrefix(p, folder+"/")), ".txt"); p == "gitignore" {
				p = gitignore
			}
			list = append(list, File{p, data})
			return err
		})
	}
	err := errors.Join(add(files, "files/any", ""), add(files, "files/"+kind, ""))
	if kind == Python {
		err = errors.Join(err, add(python.Kit, "ers", "ers"))
	}
	for i, f := range list {
		switch f.Path {
		case "pipeline.yaml":
			list[i].Data = bytes.ReplaceAll(f.Data, []byte("NAME"), []byte(plain(name)))
		case "main.go", "go.mod", gitignore:
			list[i].Data = bytes.ReplaceAll(f.Data, []byte("NAME"), []byte(name))
		}
		if f.Path == "go.mod" && strings.HasPrefix(version, "v") && !strings.Contains(version, "+") {
			list[i].Data = fmt.Appendf(list[i].Data, "\nrequire abraxas.dev/ers %s\n", version)
		}
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return list, err
}

// plain is a name as it stands in YAML: in quotes where that is not a string by itself, for
// this reader of YAML or another.
func plain(name string) string {
	letter := name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z'
	if others := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}; !letter || slices.Contains(others, strings.ToLower(name)) {
		return strconv.Quote(name)
	}
	return name
}

// Name makes the name of a pipeline of that of a folder.
func Name(dir string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_", r) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, filepath.Base(dir))
	name = strings.Trim(name[:min(len(name), events.MaxPipelineName)], "-")
	if name == "" {
		return "pipeline"
	}
	return name
}

// ErrThere is that there is something already where files belong.
var ErrThere = errors.New("nothing is written over")

// Write writes files into a folder, which is made where it is missing. Where one of them
// is there already nothing is written, but a .gitignore is left as it is: kept tells of it.
//
// A crash leaves some of the files, each of them whole or empty at the worst; the next call
// names them.
func Write(dir string, list []File) (kept bool, err error) {
	var there []string
	for _, f := range list {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(f.Path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return false, err
		case f.Path == gitignore:
			kept = true
		default:
			there = append(there, f.Path)
		}
	}
	if len(there) > 0 {
		return false, fmt.Errorf("%w: %s has %s already; name another folder, or move them away", ErrThere, dir, strings.Join(there, ", "))
	}
	for _, f := range list {
		if f.Path == gitignore && kept {
			continue
		}
		if err := create(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Data); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// create writes a file that must not be there.
func create(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
