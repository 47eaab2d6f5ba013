package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/canon"
)

// Taken is a file that was read for a pipeline, beside the pipeline file.
type Taken struct {
	Path string
	Size int64 // bytes
}

// Content is one that the definition names by its SHA-256: a file, or a text.
type Content struct {
	Path string // of the file; "" for a text
	Hash string // of a file, its SHA-256 in hex
	Text string
	Size int64 // bytes
}

func textContent(text string) Content { return Content{Text: text, Size: int64(len(text))} }

// fileContent looks at a file. One that is not a regular file is refused: it may have no end.
func fileContent(path string) (c Content, err error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", path, userfile.ErrIrregular)
	}
	if err != nil {
		return c, err
	}
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	return Content{Path: path, Hash: hex.EncodeToString(sum.Sum(nil)), Size: size}, err
}

// SHA256 is the hash of the content, as it was when it was looked at.
func (c Content) SHA256() string {
	if c.Path != "" {
		return c.Hash
	}
	return canon.Sum([]byte(c.Text)).String()
}

// Open opens the content. Whoever reads it makes sure of its hash: a file may have
// changed since it was looked at.
func (c Content) Open() (io.ReadCloser, error) {
	if c.Path == "" {
		return io.NopCloser(strings.NewReader(c.Text)), nil
	}
	return os.Open(c.Path)
}

// take notes that a file was read.
func (l *loader) take(path string, size int64) {
	t := Taken{path, size}
	if !slices.Contains(l.taken, t) {
		l.taken = append(l.taken, t)
	}
}
