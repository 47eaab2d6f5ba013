package pipeline

import (
	"io"
	"os"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// Content is one that the definition names by its SHA-256: a file, or a text.
type Content struct {
	Path string // of the file; "" for a text
	Text string
	Size int64 // bytes
}

func textContent(text string) Content { return Content{Text: text, Size: int64(len(text))} }

// SHA256 is the hash of a text.
func (c Content) SHA256() string { return canon.Sum([]byte(c.Text)).String() }

// Open opens the content. Whoever reads it makes sure of its hash: a file may have
// changed since it was looked at.
func (c Content) Open() (io.ReadCloser, error) {
	if c.Path == "" {
		return io.NopCloser(strings.NewReader(c.Text)), nil
	}
	return os.Open(c.Path)
}
