package archive

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/bus"
)

// references finds which objects are named where. A name is 64 hex digits, wherever they
// stand: so no kind of document is forgotten, and one named by chance is one more that is kept.
type references struct {
	bus   *bus.Bus
	names map[string]bool     // of the objects that there are
	in    map[string][]string // those that an object names, once it was read
}

const shaLength = 64

func newReferences(ctx context.Context, b *bus.Bus) (*references, error) {
	names, err := b.ObjectNames(ctx)
	return &references{b, names, make(map[string][]string)}, err
}

// scan calls found with each object that a text names.
func (r *references) scan(text []byte, found func(sha string)) {
	run := 0 // hex digits before here
	for i, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			run = 0
			continue
		}
		if run++; run >= shaLength {
			if sha := text[i+1-shaLength : i+1]; r.names[string(sha)] {
				found(string(sha))
			}
		}
	}
}

// all adds to a set of objects those that they name, and those that these name.
func (r *references) all(ctx context.Context, set map[string]bool) error {
	todo := slices.Collect(maps.Keys(set))
	for len(todo) > 0 {
		sha := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		named, err := r.inside(ctx, sha)
		if errors.Is(err, bus.ErrNotFound) {
			delete(set, sha) // its entry says that it was deleted
			continue
		}
		if err != nil {
			return err
		}
		for _, other := range named {
			if !set[other] {
				set[other] = true
				todo = append(todo, other)
			}
		}
	}
	return nil
}

// inside are the objects that an object names. It is read piece by piece, and must be the
// one that its name says.
func (r *references) inside(ctx context.Context, sha string) ([]string, error) {
	if named, known := r.in[sha]; known {
		return named, nil
	}
	o, err := r.bus.OpenObject(ctx, sha)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	found := make(map[string]bool)
	buf := make([]byte, 0, 1<<17)
	for {
		n, err := o.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		r.scan(buf, func(sha string) { found[sha] = true })
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		keep := min(len(buf), shaLength-1) // a name may go on in the next piece
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
	r.in[sha] = slices.Sorted(maps.Keys(found))
	return r.in[sha], nil
}
