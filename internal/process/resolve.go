package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Resolve finds the executable that name stands for: on path, a list as in PATH, or, when
// it has a separator in it, from dir. Shims of version managers stand for another one,
// which they look up anew at each start, and which Resolve returns; how then says so, and
// is "" otherwise. A shim that could not be asked is returned itself, and how says why.
func Resolve(ctx context.Context, name, path, dir string) (real, how string, err error) {
	found, err := find(name, path, dir)
	if err != nil {
		return "", "", err
	}
	manager := shimOf(found)
	if manager == "" {
		return found, "", nil
	}
	real, err = askManager(ctx, manager, found, path, dir)
	if err != nil {
		return found, fmt.Sprintf("a shim, %s, started as it is: %v", manager, err), nil
	}
	return real, fmt.Sprintf("a shim, %s: %s stands for it", manager, found), nil
}

// find looks for an executable as a shell does.
func find(name, path, dir string) (string, error) {
	if name == "" {
		return "", errors.New("there is no name of a command")
	}
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		found, err := executable(name)
		if err != nil {
			return "", fmt.Errorf("command %s: %w", name, err)
		}
		return found, nil
	}
	var last error
	for _, folder := range filepath.SplitList(path) {
		if folder == "" {
			folder = "."
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		found, err := executable(filepath.Join(folder, name))
		if err == nil {
			return found, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			last = fmt.Errorf("; %s: %w", filepath.Join(folder, name), err)
		}
	}
	if last == nil {
		last = errors.New("")
	}
	return "", fmt.Errorf("command %q is in none of the folders of PATH, %q%w", name, path, last)
}

// executable returns the path of a file that may be executed, which has a known ending on
// Windows.
func executable(path string) (string, error) {
	if runtime.GOOS == "windows" {
		return exec.LookPath(path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", reason(err)
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a file")
	case info.Mode()&0o111 == 0:
		return "", errors.New("it is not executable: chmod +x it, or name the interpreter before it")
	}
	return path, nil
}

// reason is an error without the path, which is said already.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// managers are the version managers whose shims are known, by what their shims have in
// them, or by what they are links to.
var managers = []string{"pyenv", "rbenv", "nodenv", "goenv", "jenv", "asdf", "mise", "rustup"}

// shimOf is the manager of a shim, or "" for what is none.
func shimOf(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		base := filepath.Base(target)
		for _, m := range managers {
			if base == m && filepath.Base(path) != m {
				return m
			}
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	head := make([]byte, 4<<10)
	n, _ := file.Read(head)
	head = head[:n]
	if !bytes.HasPrefix(head, []byte("#!")) {
		return ""
	}
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if !bytes.HasPrefix(line, []byte("exec ")) {
			continue
		}
		for _, m := range managers {
			if bytes.Contains(line, []byte(m)) && bytes.Contains(line, []byte(" exec ")) {
				return m
			}
		}
	}
	return ""
}

// askFor is how long a manager or an interpreter may take to answer a question.
const askFor = 20 * time.Second

// askManager asks the manager of a shim what it stands for, in that folder: managers have
// settings for each.
func askManager(ctx context.Context, manager, shim, path, dir string) (string, error) {
	program, err := find(manager, path, dir)
	if err != nil {
		// Shims are in a folder beside the one that the manager is in.
		beside := filepath.Join(filepath.Dir(filepath.Dir(shim)), "bin", manager)
		if program, err = executable(beside); err != nil {
			return "", fmt.Errorf("there is no %s on PATH and no %s", manager, beside)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "which", filepath.Base(shim))
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(os.Environ(), "PATH="+path)
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s which %s: %w%s", program, filepath.Base(shim), err, saidWrong(err))
	}
	real := strings.TrimSpace(string(text))
	if !filepath.IsAbs(real) {
		return "", fmt.Errorf("%s which %s has said %.80q", program, filepath.Base(shim), text)
	}
	return executable(real)
}

// saidWrong is the first line that a program has written on standard error.
func saidWrong(err error) string {
	e, ok := errors.AsType[*exec.ExitError](err)
	if !ok || len(e.Stderr) == 0 {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(e.Stderr)), "\n")
	return ": " + line
}
