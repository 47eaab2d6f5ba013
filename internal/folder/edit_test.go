package folder

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// editVariable makes this program one that makes a mess of its folder.
const editVariable = "FOLDER_TEST_SEED"

func editIfAsked() {
	var seed uint64
	if n, _ := fmt.Sscan(os.Getenv(editVariable), &seed); n != 1 {
		return
	}
	if err := edit(seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// start are the files that there are before.
func start(seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	files := []string{"a=one", "b=two", "!run=sh", "d/a=1", "d/b=2", "d/e/f=3", "d/e/g=4", "empty/", "h/i/j/k=5", "link -> a", "d/link -> ../b", "zero="}
	for i := range r.IntN(20) {
		files = append(files, fmt.Sprintf("more%d/%c/x%d=%d", i%4, 'a'+rune(i%3), i, i))
	}
	return files
}

// edit does some things at random in the current folder. It comes to the same in folders
// that have the same in them.
func edit(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	for range 5 + r.IntN(25) {
		var paths, folders []string
		err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
			if err == nil && path != "." {
				paths = append(paths, path)
			}
			if err == nil && entry.IsDir() {
				folders = append(folders, path)
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			paths = []string{"nothing"}
		}
		at := paths[r.IntN(len(paths))]
		place := filepath.Join(folders[r.IntN(len(folders))], []string{"a", "b", "new", "d", "e", "x1"}[r.IntN(6)])
		if err := editOne(r, at, place); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

func editOne(r *rand.Rand, at, place string) error {
	info, err := os.Lstat(at)
	if err != nil {
		return nil
	}
	text := []byte(fmt.Sprint(r.IntN(4)))
	_, taken := os.Lstat(place)
	file, folder, free := info.Mode().IsRegular(), info.IsDir(), taken != nil
	switch op := r.IntN(17); {
	case op == 0 && file:
		return os.WriteFile(at, text, 0o644)
	case op == 1 && file: // the same again
		was, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		return os.WriteFile(at, was, 0o644)
	case op == 2 && file:
		return os.Truncate(at, int64(r.IntN(3)))
	case op == 3 && file:
		return os.Chmod(at, []os.FileMode{0o644, 0o755, 0o600, 0o700}[r.IntN(4)])
	case op == 4 && folder:
		return os.Chmod(at, []os.FileMode{0o755, 0o700, 0o777}[r.IntN(3)])
	case op == 5:
		return os.RemoveAll(at)
	case op == 6 && free:
		return os.Mkdir(place, 0o755)
	case op == 7 && free:
		return os.WriteFile(place, text, 0o644)
	case op == 8 && free:
		return os.Symlink(at, place)
	case op == 9 && free && file:
		return os.Link(at, place)
	case op == 10 && free && !folder:
		return os.Rename(at, place)
	case op == 11 && free && folder && !strings.HasPrefix(place, at):
		return move(at, place)
	case op == 12 && folder: // another one in its place
		return firstError(os.RemoveAll(at), os.Mkdir(at, 0o755), os.WriteFile(filepath.Join(at, "a"), text, 0o644))
	case op == 13: // something of another type in its place
		if err := os.RemoveAll(at); err != nil || folder {
			return firstError(err, os.WriteFile(at, text, 0o755))
		}
		return firstError(os.Mkdir(at, 0o755), os.WriteFile(filepath.Join(at, "in"), text, 0o644))
	case op == 14 && file:
		return os.Chtimes(at, info.ModTime().Add(-1e12), info.ModTime().Add(-1e12))
	case op == 15 && free:
		return special(place)
	case op == 16 && file && free: // out and in again, as editors do
		return firstError(os.WriteFile(place, text, 0o644), os.Rename(place, at))
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// move is what mv does where a folder cannot be renamed.
func move(from, to string) error {
	if os.Rename(from, to) == nil {
		return nil
	}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := to + strings.TrimPrefix(path, from)
		info, err := entry.Info()
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.Mkdir(at, 0o755)
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			return firstError(err, os.WriteFile(at, text, info.Mode().Perm()))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			return firstError(err, os.Symlink(target, at))
		}
		return special(at)
	})
	return firstError(err, os.RemoveAll(from))
}
