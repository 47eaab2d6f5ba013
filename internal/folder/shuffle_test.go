package folder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is made anew in another order has the same files, the same content and the same
// times; what gets other times has the same files.
func TestShuffle(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "test-") // tmpfs lists files as they were made
	if err != nil {
		t.Skip(err)
	}
	defer os.RemoveAll(dir)
	top := filepath.Join(dir, "top")
	if err := os.MkdirAll(filepath.Join(top, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c", "d", "in/e", "in/f", "in/g"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listings, newest := make(map[string]bool), make(map[string]bool)
	before, err := listed(top)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(before)
	for number := int64(1); number <= 12; number++ {
		if err := Reorder(top, "", number); err != nil {
			t.Fatal(err)
		}
		if err := Retime(top, number); err != nil {
			t.Fatal(err)
		}
		names, err := listed(top)
		if err != nil {
			t.Fatal(err)
		}
		key := ""
		for _, name := range names {
			key += name + " "
		}
		listings[key] = true
		if slices.Sort(names); !slices.Equal(names, before) {
			t.Fatalf("%v became %v", before, names)
		}
		latest := ""
		for _, name := range []string{"a", "b", "c", "d"} {
			at := modified(t, filepath.Join(top, name))
			if latest == "" || at > modified(t, filepath.Join(top, latest)) {
				latest = name
			}
			if text, err := os.ReadFile(filepath.Join(top, name)); err != nil || string(text) != name {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		}
		newest[latest] = true
	}
	like := filepath.Join(dir, "like")
	if _, _, err := Copy(t.Context(), top, like, CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for number := int64(1); number >= 0; number-- {
		if err := Reorder(like, top, number); err != nil {
			t.Fatal(err)
		}
		got, gotErr := listed(like)
		want, wantErr := listed(top)
		if same := slices.Equal(got, want); same != (number == 0) || gotErr != nil || wantErr != nil {
			t.Errorf("order %d: %v, the original has %v (%v, %v)", number, got, want, gotErr, wantErr)
		}
	}
	if len(listings) < 10 {
		t.Errorf("12 numbers make %d orders: %v", len(listings), listings)
	}
	if len(newest) < 3 {
		t.Errorf("12 numbers make only %v the newest", newest)
	}
}

func modified(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().Unix()
}
