package export

import "testing"

// Text is safe to open with a spreadsheet, and to print in a terminal.
func TestCells(t *testing.T) {
	for text, want := range map[string]string{
		"plain é\n\ttext": "plain é\n\ttext", "": "", "=1+2": "'=1+2", "@sum": "'@sum", "-x": "'-x", "+x": "'+x",
		"a\x1b[31mred\u009b\x00": `a\u001b[31mred\u009b\u0000`, "a=b": "a=b",
	} {
		if got := cell(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
