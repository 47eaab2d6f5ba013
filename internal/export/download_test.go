package export_test

import (
	"bytes"
	"io"
	"testing"

	"abraxas.dev/ers/internal/export"
	"abraxas.dev/ers/pkg/bus/bustest"
)

// The page's files are those of the command line. One of a record that is not whole is
// refused.
func TestDownloads(t *testing.T) {
	b := bustest.Open(t)
	whole, broken := record(t, b, nil), record(t, b, errNoProgram)
	for _, d := range export.Downloads() {
		var file, want bytes.Buffer
		if err := d.Write(t.Context(), b, whole, &file); err != nil {
			t.Fatal(err)
		}
		write(t, b, d.Name, whole, nil, "", &want)
		if file.Len() == 0 || !bytes.Equal(file.Bytes(), want.Bytes()) {
			t.Errorf("%s: %d bytes, not %d", d.Name, file.Len(), want.Len())
		}
		if err := d.Write(t.Context(), b, broken, io.Discard); err == nil {
			t.Errorf("%s: a record that is not whole is written", d.Name)
		}
	}
}
