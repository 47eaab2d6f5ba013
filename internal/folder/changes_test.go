package folder

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/process/processtest"
	"abraxas.dev/ers/internal/testsize"
)

// Three ways to find out what a command has changed come to the same: by an overlay, by a
// copy, and by a plain look at everything before and after.
func TestChangesOfRandomEdits(t *testing.T) {
	overlays := process.Look().Overlay
	if !overlays.OK {
		t.Logf("without overlays: %s", overlays.Why)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[Type]int)
	seeds := testsize.Sample(40, 100)
	switch {
	case testing.Short():
		t.Skip("it starts processes")
	case processtest.Again():
		seeds = 25
	}
	for seed := range uint64(seeds) {
		lower := tree(t, start(seed)...)
		spec := process.Spec{Command: []string{program}, Env: []string{editVariable + "=" + fmt.Sprint(seed), noSleep}, Stderr: os.Stderr}

		copied := filepath.Join(tree(t), "copy")
		m, _, err := Copy(t.Context(), lower, copied, CopyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Chdir(copied)
		if err := edit(seed); err != nil {
			t.Fatal(err)
		}
		changes, err := m.Compare()
		if err != nil {
			t.Fatal(err)
		}
		got := text(t, changes)
		if want := plainly(t, look(t, lower), look(t, copied)); got != want {
			t.Errorf("seed %d: a copy has\n%s\nwant\n%s", seed, got, want)
		}
		for _, c := range changes {
			kinds[c.Type]++
		}
		if !overlays.OK {
			continue
		}

		layers := tree(t, "upper/", "work/")
		upper := filepath.Join(layers, "upper")
		spec.Dir, spec.Overlay = lower, &process.Overlay{Lower: lower, Upper: upper, Work: filepath.Join(layers, "work")}
		edited(t, spec)
		changes, err = Changes(lower, upper, nil)
		if err != nil {
			t.Fatal(err)
		}
		if over := text(t, changes); over != got {
			t.Errorf("seed %d: an overlay has\n%s\na copy has\n%s", seed, over, got)
		}
	}
	for _, kind := range []Type{TypeFile, TypeLink, TypeFolder, TypeDeleted} {
		if kinds[kind] < 3 {
			t.Errorf("only %d changes of type %s were tried", kinds[kind], kind)
		}
	}
}

// noSleep keeps the race detector from a second of sleep at the end of each program.
const noSleep = "GORACE=atexit_sleep_ms=0"

func edited(t *testing.T, spec process.Spec) {
	t.Helper()
	p, err := process.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit != (process.Exit{}) {
		t.Fatal(exit)
	}
}

// look returns all that counts in a folder, as lines of text() have it.
func look(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		path := filepath.ToSlash(strings.TrimPrefix(at, dir+string(filepath.Separator)))
		switch {
		case entry.IsDir():
			all[path] = "folder"
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(at)
			all[path] = "link -> " + target
			return err
		case info.Mode().IsRegular():
			text, err := os.ReadFile(at)
			bit := ""
			if info.Mode()&0o100 != 0 {
				bit = " executable"
			}
			all[path] = fmt.Sprintf("file%s %d %q", bit, len(text), text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// plainly says what has changed, by what Change promises.
func plainly(t *testing.T, before, after map[string]string) string {
	t.Helper()
	lines := make(map[string]string)
	full := make(map[string]bool) // folders with something in them
	for at := range after {
		full[path.Dir(at)] = true
	}
	for at, is := range after {
		if was := before[at]; is != was && (is != "folder" || !full[at]) {
			lines[at] = is
		}
	}
	for at := range before {
		above := path.Dir(at)
		if _, is := after[at]; !is && (above == "." || after[above] == "folder") {
			lines[at] = "deleted"
		}
	}
	var all []string
	for at := range lines {
		all = append(all, at)
	}
	slices.Sort(all)
	var b strings.Builder
	for _, at := range all {
		fmt.Fprintf(&b, "%s %s\n", at, lines[at])
	}
	return b.String()
}
