package audit

import (
	"context"
	"errors"
	"io"
	"strings"

	"abraxas.dev/ers/pkg/bus"
)

// contentDifference is what a verdict says of two values of a command.
type contentDifference struct {
	Name     string  `json:"name"`
	As       string  `json:"as,omitempty"`
	Line     int64   `json:"line,omitempty"`
	Column   int64   `json:"column,omitempty"`
	Offset   int64   `json:"offset,omitempty"`
	Pointer  string  `json:"pointer,omitempty"`
	Equal    bool    `json:"equal,omitempty"`
	Expected *string `json:"expected"`
	Found    *string `json:"found"`
}

// explainContent makes again what the verdict says of the contents of values. Where an
// object is not there, that is a finding of its own, and what the verdict says is taken.
func (j *judgement) explainContent(ctx context.Context) error {
	d, said := j.want.Divergence, j.said.Divergence
	if d == nil || d == said || !strings.HasPrefix(d.Pointer, "/value/") || d.values[0] == nil {
		return nil
	}
	open := func(sha string) (io.ReadCloser, error) { return j.a.bus.OpenObject(ctx, sha) }
	c, err := differInOutput(d.values[0], d.values[1], strings.TrimPrefix(d.Pointer, "/value/"), open)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) || errors.Is(err, bus.ErrNoStream) {
		if said != nil {
			d.Content = said.Content
		}
		return nil
	}
	if err != nil {
		return err
	}
	d.Content = c
	return nil
}

type opener func(sha string) (io.ReadCloser, error)

// differInOutput says in what two values of commands differ at a place; nil for others.
func differInOutput(a, b any, pointer string, open opener) (*contentDifference, error) {
	x, y := outputOf(a), outputOf(b)
	if x == nil || y == nil {
		return nil, nil
	}
	name, rest, _ := strings.Cut(pointer, "/")
	switch name {
	case "exit", "signal":
		return &contentDifference{Name: "exit", Expected: &x.ended, Found: &y.ended}, nil
	case "stdout", "stderr", "probe":
		return differInContent(name, x.contents[name], y.contents[name], open)
	case "files":
		if x.allFiles != nil || y.allFiles != nil {
			return differInFiles(a, b, x, y, open)
		}
		path, _, _ := strings.Cut(rest, "/")
		return differInFile(unescape.Replace(path), x, y, open)
	}
	return nil, nil
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

var wordsOfContent = map[string]string{"json": "JSON", "jsonl": "JSON Lines", "text": "text", "bytes": "bytes"}

// differInContent says in what two contents differ.
func differInContent(name string, a, b *outputContent, open opener) (*contentDifference, error) {
	if a == nil || b == nil {
		return nil, nil
	}
	as := a.as
	if a.as != b.as {
		x, y := wordsOfContent[a.as], wordsOfContent[b.as]
		if !a.isExact() || !b.isExact() {
			return &contentDifference{Name: name, Expected: &x, Found: &y}, nil
		}
		if as = "text"; a.as == "bytes" || b.as == "bytes" {
			as = "bytes"
		}
	}
	ra, err := a.read(open)
	if err != nil {
		return nil, err
	}
	defer ra.Close()
	rb, err := b.read(open)
	if err != nil {
		return nil, err
	}
	defer rb.Close()
	c, err := differ(ra, rb, as)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &contentDifference{As: as, Equal: true}
	}
	c.Name = name
	return c, nil
}

// differInFile says in what became of a file two outputs differ.
func differInFile(path string, a, b *output, open opener) (*contentDifference, error) {
	x, y := inWords(a.files, path), inWords(b.files, path)
	if x == nil || y == nil || *x != *y {
		return &contentDifference{Name: "file:" + path, Expected: x, Found: y}, nil
	}
	return differInContent("file:"+path, a.contents["file:"+path], b.contents["file:"+path], open)
}

func inWords(files map[string]any, path string) *string {
	m, ok := files[path].(map[string]any)
	if !ok {
		return nil
	}
	words, _ := m["type"].(string)
	switch {
	case words == "link":
		target, _ := m["target"].(string)
		words = "link to " + around1K(target, 0)
	case m["executable"] == true:
		words = "executable file"
	}
	return &words
}

// differInFiles is for outputs of which some have all their files in an object.
func differInFiles(a, b any, x, y *output, open opener) (*contentDifference, error) {
	for _, o := range []struct {
		*output
		tree any
	}{{x, a}, {y, b}} {
		files := member(o.tree.(map[string]any), "files")
		if o.allFiles != nil {
			var err error
			if files, err = readFiles(o.allFiles.sha, open); err != nil || files == nil {
				return nil, err
			}
		}
		if !o.takeFiles(files) || o.files == nil {
			return nil, nil
		}
	}
	at, _, _, differ := differenceWithin(maxPointer, any(x.files), any(y.files))
	if !differ {
		return nil, nil
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	return differInFile(unescape.Replace(path), x, y, open)
}

// maxFiles is the most bytes of an object that stands for all files of which it is said
// where it differs.
const maxFiles = 64 << 20

// readFiles reads the object that stands for all files; nil is one that cannot be read.
func readFiles(sha string, open opener) (any, error) {
	r, err := open(sha)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFiles+1))
	if err != nil || len(data) > maxFiles {
		return nil, err
	}
	tree, err := parseText(string(data))
	if err != nil {
		return nil, nil
	}
	return tree, nil
}
