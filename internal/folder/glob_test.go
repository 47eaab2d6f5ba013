package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process/processtest"
)

func TestGlob(t *testing.T) {
	outside := tree(t, "secret=x")
	dir := tree(t, "tasks.py=one", "!run=two", "lib/a.py=", "lib/deep/b.py=b", "lib/deep/.hidden=h", "lib/.git/config=c", ".env=e",
		"lib/data.json=d", "empty/", "inside -> lib/a.py", "out -> "+filepath.Join(outside, "secret"), "up -> ../../etc/passwd", "nowhere -> none", "folder -> lib", "[x]=odd", "é=letter")
	for _, c := range []struct{ patterns, want string }{
		{"tasks.py", "tasks.py"},
		{"tasks.py tasks.py *.py", "tasks.py"},
		{"run", "run*"},
		{"lib/**", "lib/a.py lib/data.json lib/deep/b.py"},
		{"**", "[x] inside lib/a.py lib/data.json lib/deep/b.py run* tasks.py é"},
		{"**/*.py", "lib/a.py lib/deep/b.py tasks.py"},
		{"lib/*.{py,json}", "lib/a.py lib/data.json"},
		{"lib/[a-c].py", "lib/a.py"},
		{"?ib/a.py", "lib/a.py"},
		{"lib/deep/.*", "lib/deep/.hidden"},
		{".env lib/.git/config", ".env lib/.git/config"},
		{".*", ".env"},
		{"inside", "inside"},
		{`\[x\]`, "[x]"},
		{"folder/a.py", "folder/a.py"},
		{"", ""},
	} {
		files, err := Glob(dir, strings.Fields(c.patterns))
		if err != nil {
			t.Errorf("%s: %v", c.patterns, err)
		}
		var names []string
		for _, f := range files {
			if f.Executable {
				f.Path += "*"
			}
			names = append(names, f.Path)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.patterns, got, c.want)
		}
	}
	for pattern, parts := range map[string][]string{
		"none.py":   {`"none.py"`, "there is no such file"},
		"lib/no*":   {"it names no file", "must be written so"},
		"lib":       {"it is a folder: lib/** names all files in it"},
		"empty/*":   {"it names no file"},
		"out":       {`"out"`, "path escapes"},
		"up":        {"path escapes"},
		"o*":        {"it names no regular file inside the folder, but 1 others"},
		"nowhere":   {"there is no such file"},
		"../x":      {`a part of it is ".."`},
		"lib/../x":  {`a part of it is ".."`},
		"./x":       {`a part of it is "."`},
		"lib//x":    {`a part of it is ""`},
		"lib/":      {`a part of it is ""`},
		"/etc/*":    {"absolute path"},
		"":          {"it is empty"},
		"lib/[":     {"it is not a pattern"},
		"lib/\xff*": {"not UTF-8"},
		"a\x00":     {"zero byte"},
	} {
		_, err := Glob(dir, []string{"tasks.py", pattern})
		processtest.WantError(t, err, append(parts, dir)...)
	}
}

func TestGlobKnowsContents(t *testing.T) {
	dir := tree(t, "!a=abc", "b=")
	files, err := Glob(dir, []string{"*"})
	want := []File{{"a", 3, true, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"b", 0, false, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}
	if err != nil || fmt.Sprint(files) != fmt.Sprint(want) {
		t.Errorf("%v, %v", files, err)
	}
}

func TestGlobIsLimited(t *testing.T) {
	dir := tree(t, "a=x", "large=", "b=y")
	if err := os.Truncate(filepath.Join(dir, "large"), MaxTotal-1); err != nil {
		t.Fatal(err)
	}
	_, err := Glob(dir, []string{"**"})
	processtest.WantError(t, err, "the 3 files have 67108865 bytes together, more than 64 MiB; the largest is large with 67108863 bytes")
}

func TestGlobRefusesOneNameInTwoCases(t *testing.T) {
	dir := tree(t, "Lib/a=1", "README=1")
	if _, err := os.Stat(filepath.Join(dir, "readme")); err == nil {
		t.Skip("this file system does not tell them apart")
	}
	put(t, dir, "lib/b=2")
	_, err := Glob(dir, []string{"**"})
	processtest.WantError(t, err, "Lib and lib differ in upper and lower case alone")
}
