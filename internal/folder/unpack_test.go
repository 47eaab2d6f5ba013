package folder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process/processtest"
)

// contents opens what Glob has found.
func contents(dir string, files []File) func(string) (io.ReadCloser, error) {
	return func(sum string) (io.ReadCloser, error) {
		i := slices.IndexFunc(files, func(f File) bool { return f.SHA256 == sum })
		if i < 0 {
			return nil, fmt.Errorf("there is no content %s", sum)
		}
		return os.Open(filepath.Join(dir, files[i].Path))
	}
}

func TestUnpack(t *testing.T) {
	dir := tree(t, "tasks.py=one", "!bin/run=two", "lib/deep/a=", "CON=a name that not all systems have", "link -> tasks.py")
	files, err := Glob(dir, []string{"**"})
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(tree(t), "a", "b")
	if err := Unpack(to, files, contents(dir, files)); err != nil {
		t.Fatal(err)
	}
	again, err := Glob(to, []string{"**"})
	if err != nil || fmt.Sprint(again) != fmt.Sprint(files) {
		t.Errorf("%v, %v, want %v", again, err, files)
	}
	for _, name := range []string{"tasks.py", "bin/run", "link"} {
		info, err := os.Lstat(filepath.Join(to, name))
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o222 != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := Unpack(to, files, contents(dir, files)); !errors.Is(err, os.ErrExist) {
		t.Errorf("unpacked twice: %v", err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	abc := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("abc")), nil }
	for want, paths := range map[string][]string{
		"absolute path":               {"/etc/x"},
		`a part of it is ".."`:        {"a/../../x"},
		`"..": a part of it`:          {".."},
		"it is empty":                 {""},
		"a is there twice":            {"a", "b", "a"},
		"differ in upper and lower":   {"A/x", "a/y"},
		"K and \u212a differ":         {"K", "\u212a"},
		"a is a file, and the folder": {"a/b", "a"},
		`a part of it is ""`:          {"a//b"},
		"zero byte":                   {"a\x00b"},
		"not UTF-8":                   {"a\xff"},
	} {
		to := filepath.Join(tree(t), "to")
		var files []File
		for _, p := range paths {
			files = append(files, File{Path: p, Size: 3, SHA256: sum})
		}
		processtest.WantError(t, Unpack(to, files, abc), want)
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%q: something was written", paths)
		}
	}
	for want, f := range map[string]File{
		"it does not have 2 bytes": {Path: "a", Size: 2, SHA256: sum},
		"it does not have 4 bytes": {Path: "a", Size: 4, SHA256: sum},
		"SHA-256 ba78":             {Path: "a", Size: 3, SHA256: strings.Repeat("0", 64)},
	} {
		processtest.WantError(t, Unpack(tree(t), []File{f}, abc), "unpack a", want)
	}
	// A link that is there already does not lead out.
	outside := tree(t)
	to := tree(t, "d -> "+outside)
	if err := Unpack(to, []File{{Path: "d/x", Size: 3, SHA256: sum}}, abc); err == nil {
		t.Error("unpacked through a link")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Error("a link led out")
	}
}
