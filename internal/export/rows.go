package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
)

// writeJSONL writes a line for each event of each run; see [client.AppendEvent].
func writeJSONL(ctx context.Context, w *Window, out io.Writer) error {
	var line []byte
	return w.eachEvent(ctx, func(f *client.Frame, i int) error {
		line = append(client.AppendEvent(line[:0], &f.FrameDecoder, i, f.Seq, true), '\n')
		_, err := out.Write(line)
		return err
	})
}

// eachEvent calls write with each event of each run, in order.
func (w *Window) eachEvent(ctx context.Context, write func(f *client.Frame, i int) error) error {
	for _, run := range w.Runs {
		for f, err := range client.Frames(ctx, w.Bus, w.record(run)) {
			if err != nil {
				if _, err := w.incomplete(err); err != nil {
					return fmt.Errorf("run %d: %w", run, err)
				}
				break
			}
			for i := range f.Len() {
				if err := write(f, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// columns of a CSV file. meta and value are canonical JSON text, error is the text of
// the error.
var columns = []string{"pipeline", "window", "request", "run", "tick", "index", "seq", "task", "lane", "status",
	"cost_ops", "cost_entropy", "meta", "value", "error"}

// writeCSV writes a row for each event of each run.
func writeCSV(ctx context.Context, w *Window, out io.Writer) error {
	rows := newRowWriter(out)
	if err := rows.write(columns); err != nil {
		return err
	}
	row := make([]string, len(columns))
	return w.eachEvent(ctx, func(f *client.Frame, i int) error {
		fields := make(map[string]canon.Value, len(columns))
		for name, v := range canon.Value(f.Event(i)).Members() {
			fields[name] = v
		}
		fields["value"], fields["error"] = f.Outcome(i)
		for at, name := range columns {
			row[at] = string(fields[name])
			if text, ok := fields[name].Text(); ok && name != "value" {
				row[at] = cell(text)
			}
		}
		if fields["error"] == canon.Null {
			row[len(row)-1] = ""
		}
		row[0], row[1], row[2], row[3] = f.Pipeline, strconv.FormatUint(f.Window, 10), f.Request, strconv.Itoa(f.Run)
		row[5], row[6] = strconv.Itoa(f.First+i), strconv.FormatUint(f.Seq, 10)
		return rows.write(row)
	})
}

// cell makes text safe to open. A spreadsheet takes one that begins with = + - @ for a
// formula: an apostrophe before it keeps it text. A terminal heeds control characters: they
// become escapes, but for tabs and line breaks.
func cell(text string) string {
	var b strings.Builder
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		b.WriteByte('\'')
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A rowWriter ends rows with CR LF, as RFC 4180 has it. The CSV writer alone would do
// that to the line feeds in a field too.
type rowWriter struct {
	out    io.Writer
	buffer bytes.Buffer
	csv    *csv.Writer
}

func newRowWriter(out io.Writer) *rowWriter {
	w := &rowWriter{out: out}
	w.csv = csv.NewWriter(&w.buffer)
	return w
}

func (w *rowWriter) write(row []string) error {
	w.buffer.Reset()
	if err := w.csv.Write(row); err != nil {
		return err
	}
	w.csv.Flush()
	w.buffer.Truncate(w.buffer.Len() - 1)
	w.buffer.WriteString("\r\n")
	_, err := w.out.Write(w.buffer.Bytes())
	return err
}
