package export

import (
	"context"
	"errors"
	"io"

	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/pkg/bus"
)

// Downloads are the forms of windows that the page does not write by itself.
func Downloads() []page.Download {
	return []page.Download{{Name: "csv", Type: "text/csv; charset=utf-8", Write: whole(writeCSV)}, {Name: "jsonl", Type: "application/jsonl", Write: whole(writeJSONL)}}
}

// whole writes all runs of a window. Where one cannot be read to its end, it is an error that
// says so: nobody would see it in the file.
func whole(write func(context.Context, *Window, io.Writer) error) func(context.Context, *bus.Bus, uint64, io.Writer) error {
	return func(ctx context.Context, b *bus.Bus, id uint64, out io.Writer) error {
		w, err := Open(ctx, b, id, nil)
		if err != nil {
			return err
		}
		if err := write(ctx, w, out); err != nil {
			return err
		}
		var missing []error
		for _, p := range w.Problems {
			missing = append(missing, p)
		}
		return errors.Join(missing...)
	}
}
