//go:build unix

package userfile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	listener, err := net.Listen("unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, err := range []error{
		os.WriteFile(in("file"), []byte("12345"), 0o644),
		syscall.Mkfifo(in("pipe"), 0o644),
		os.Symlink("file", in("link")),
		os.Symlink("pipe", in("link to pipe")),
		os.Symlink("/dev/zero", in("link to zero")),
		os.Truncate(in("file"), 5),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		limit int64
		want  error
		text  string
	}{
		{"file", 5, nil, "12345"},
		{"link", 5, nil, "12345"},
		{"file", 4, ErrLarge, "the file is too large: at most 4 bytes"},
		{"pipe", 5, ErrIrregular, "not a regular file but a pipe"},
		{"link to pipe", 5, ErrIrregular, "not a regular file but a pipe"},
		{"link to zero", 1 << 40, ErrIrregular, "not a regular file but a device"},
		{"socket", 5, ErrIrregular, "not a regular file but a socket"},
		{"none", 5, fs.ErrNotExist, "open " + in("none") + ": no such file or directory"},
		{".", 5, syscall.EISDIR, "read " + in(".") + ": is a directory"},
	} {
		got, err := Read(in(test.name), test.limit)
		switch {
		case test.want == nil && (err != nil || string(got) != test.text):
			t.Errorf("%s: %q, %v", test.name, got, err)
		case test.want != nil && (!errors.Is(err, test.want) || err.Error() != test.text):
			t.Errorf("%s: got %v, want %s", test.name, err, test.text)
		}
	}
}
