package starter

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/events"
)

// What is written is a pipeline, whatever the folder's name is.
func TestNames(t *testing.T) {
	for dir, want := range map[string]string{
		"words": "words", "a b.c": "a-b-c", "überfluß": "berflu", "7": "7", "True": "True", "no": "no", "1e5": "1e5",
		"-": "pipeline", "日本": "pipeline", strings.Repeat("x", 70): strings.Repeat("x", 64),
	} {
		if got := Name(filepath.Join("somewhere", dir)); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
		if err := events.CheckPipelineName(want); err != nil {
			t.Error(err)
		}
		list, err := Files(Starlark, want, "")
		if err != nil {
			t.Fatal(err)
		}
		to := t.TempDir()
		if _, err := Write(to, list); err != nil {
			t.Fatal(err)
		}
		f, err := pipeline.Load(filepath.Join(to, "pipeline.yaml"))
		if err != nil || f.Definition.Name != want {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestNothingIsWrittenOver(t *testing.T) {
	list := []File{{".gitignore", []byte("a")}, {"sub/b", []byte("b")}}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if kept, err := Write(dir, list); err != nil || kept {
		t.Fatalf("%t %v", kept, err)
	}
	if _, err := Write(dir, list); !errors.Is(err, ErrThere) || !strings.Contains(err.Error(), "has sub/b already") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if kept, err := Write(dir, list[:1]); err != nil || !kept {
		t.Errorf("%t %v", kept, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, ".gitignore")); string(text) != "mine" {
		t.Errorf("%s %v", text, err)
	}
	// A link to nowhere is something that is there.
	if err := os.Symlink("nowhere", filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, []File{{"c", nil}}); !errors.Is(err, ErrThere) {
		t.Errorf("got %v", err)
	}
	if _, err := Write(filepath.Join(dir, "sub/b"), list); err == nil {
		t.Error("a file is not a folder")
	}
}

// The module of ERS is required where a go command can have it.
func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{"v1.2.3": true, "v0.0.0-20260101000000-0123456789ab": true, "(devel)": false, "v1.2.3+dirty": false, "": false} {
		list, err := Files(Go, "words", version)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(f File) bool { return f.Path == "go.mod" })
		text := "module example.com/words\n\ngo 1.26.0\n"
		if want {
			text += "\nrequire abraxas.dev/ers " + version + "\n"
		}
		if got := string(list[i].Data); got != text {
			t.Errorf("%q: got\n%s", version, got)
		}
	}
}
