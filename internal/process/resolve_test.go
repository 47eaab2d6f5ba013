package process

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process/processtest"
)

// script writes an executable script.
func script(t *testing.T, path, text string) string {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	write(t, path, text)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names have endings here")
	}
	dir := folder(t)
	first, second := script(t, filepath.Join(dir, "a/tool"), "#!/bin/sh\n"), script(t, filepath.Join(dir, "b/tool"), "#!/bin/sh\n")
	write(t, filepath.Join(dir, "a/text"), "x")
	path := filepath.Join(dir, "a") + ":" + filepath.Join(dir, "b")
	for _, c := range []struct{ name, path, dir, want string }{
		{"tool", path, dir, first},
		{"tool", "none:b:a", dir, second},
		{"tool", "", filepath.Dir(first), ""},
		{"tool", ":", filepath.Dir(first), first},
		{"./tool", "", filepath.Dir(second), second},
		{"b/tool", path, dir, second},
		{first, path, "/", first},
	} {
		got, how, err := Resolve(t.Context(), c.name, c.path, c.dir)
		if got != c.want || how != "" || (err == nil) != (c.want != "") {
			t.Errorf("%s on %s in %s is %s %s %v, want %s", c.name, c.path, c.dir, got, how, err, c.want)
		}
	}
	for name, parts := range map[string][]string{
		"":       {"no name"},
		"none":   {`"none" is in none of the folders of PATH`, path},
		"text":   {`"text" is in none of the folders of PATH`, "a/text: it is not executable: chmod +x"},
		"./none": {"no such file", filepath.Join(dir, "none")},
		"./a":    {"it is not a file", filepath.Join(dir, "a")},
	} {
		_, _, err := Resolve(t.Context(), name, path, dir)
		processtest.WantError(t, err, parts...)
	}
}

// Shims as version managers write them.
func TestResolveShims(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("shims are other ones here")
	}
	sh := tool(t, "sh")
	dir := folder(t)
	real := script(t, filepath.Join(dir, "versions/3.11/bin/python3"), "#!/bin/sh\n")
	for _, manager := range []string{"pyenv", "asdf"} {
		root := filepath.Join(dir, manager)
		shim := script(t, filepath.Join(root, "shims/python3"), "#!/usr/bin/env bash\nset -e\nprogram=\"${0##*/}\"\nexec \""+root+"/libexec/"+manager+"\" exec \"$program\" \"$@\"\n")
		path := filepath.Dir(shim)

		got, how, err := Resolve(t.Context(), "python3", path, dir)
		if got != shim || !strings.Contains(how, "a shim, "+manager+", started as it is: there is no "+manager) || err != nil {
			t.Errorf("without a manager: %s, %s, %v", got, how, err)
		}

		script(t, filepath.Join(root, "bin", manager), "#!"+sh+"\n[ \"$1 $2\" = 'which python3' ] && [ \"$PWD\" = "+dir+" ] && echo "+real+"\n")
		got, how, err = Resolve(t.Context(), "python3", path, dir)
		if got != real || how != "a shim, "+manager+": "+shim+" stands for it" || err != nil {
			t.Errorf("%s: %s, %s, %v", manager, got, how, err)
		}

		script(t, filepath.Join(root, "bin", manager), "#!"+sh+"\necho no version is set >&2; exit 1\n")
		got, how, err = Resolve(t.Context(), "python3", path, dir)
		if got != shim || !strings.Contains(how, "no version is set") || err != nil {
			t.Errorf("%s that does not know: %s, %s, %v", manager, got, how, err)
		}
	}
}

// Whatever python3 is here, it is itself when it is resolved.
func TestResolvePythonHere(t *testing.T) {
	shown := tool(t, "python3")
	real, how, err := Resolve(t.Context(), "python3", os.Getenv("PATH"), folder(t))
	if err != nil || shimOf(real) != "" {
		t.Fatalf("%s is %s, %s, %v", shown, real, how, err)
	}
	s := shell(t, "")
	s.Command = []string{real, "-c", "import sys; print(sys.executable)"}
	if said, exit := run(t, s); strings.TrimSpace(said) != real || exit != (Exit{}) {
		t.Errorf("%s says that it is %q, %v", real, said, exit)
	}
}

func TestDescribe(t *testing.T) {
	// go has a process that writes into its user's settings when it itself has ended.
	env, dir := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "XDG_CONFIG_HOME=" + os.DevNull}, folder(t)
	write(t, filepath.Join(dir, "json.py"), "raise SystemExit('the folder is looked into')")
	for name, want := range map[string]string{"python3": "CPython 3.", "node": "v", "go": "go version go", "sh": "", "bash": "GNU bash, version", "perl": "perl v5"} {
		t.Run(name, func(t *testing.T) {
			tool(t, name)
			real, _, err := Resolve(t.Context(), name, os.Getenv("PATH"), dir)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Describe(t.Context(), real, env, dir)
			if err != nil || d.Path != real || !strings.HasPrefix(d.Version, want) || d.Version == "" || strings.Contains(d.Version, "\n") || d.Unknown != "" {
				t.Errorf("%+v, %v", d, err)
			}
			if !slices.IsSorted(d.Packages) {
				t.Errorf("packages %v", d.Packages)
			}
		})
	}
	other := script(t, filepath.Join(dir, "other"), "#!/bin/sh\necho started")
	if d, err := Describe(t.Context(), other, env, dir); err != nil || d.Version != "" || d.Unknown != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDescribePackages(t *testing.T) {
	python := tool(t, "/usr/bin/python3")
	dir := folder(t)
	write(t, filepath.Join(mkdir(t, dir, "there", "a_package-1.2.dist-info"), "METADATA"), "Metadata-Version: 2.1\nName: a-package\nVersion: 1.2\n")
	d, err := Describe(t.Context(), python, []string{"PYTHONPATH=" + filepath.Join(dir, "there")}, dir)
	if err != nil || !slices.Contains(d.Packages, "a-package==1.2") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDescribeWhatDoesNotAnswer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no scripts here")
	}
	broken := script(t, filepath.Join(folder(t), "python3"), "#!/bin/sh\necho broken here >&2\nexit 3\n")
	d, err := Describe(t.Context(), broken, nil, folder(t))
	if err != nil || !strings.Contains(d.Unknown, "exit status 3: broken here") {
		t.Errorf("%+v, %v", d, err)
	}
}
