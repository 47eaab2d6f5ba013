package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"abraxas.dev/ers/pkg/report"
)

// narrow is the number of columns below which two columns of text do not fit a screen.
const narrow = 60

// narrowHelp prints help for a narrow screen: what a thing is stands below its name.
func (s *streams) narrowHelp(help func() error, ctx *kong.Context) error {
	out, columns := ctx.Stdout, os.Getenv("COLUMNS")
	var text bytes.Buffer
	ctx.Stdout = &text
	os.Unsetenv("COLUMNS") // it would narrow the columns that are taken apart here
	err := help()
	os.Setenv("COLUMNS", columns)
	ctx.Stdout = out
	if err != nil {
		return err
	}
	_, err = out.Write([]byte(report.Fold(stacked(text.String()), s.width)))
	return err
}

// besideOrBelow puts the second column of a text below the first where the screen is narrow.
func (s *streams) besideOrBelow(text string) string {
	if report.Fold(text, s.width) == text {
		return text
	}
	return report.Fold(stacked(text), s.width)
}

// stacked puts the second column of a text below the first, in paragraphs.
func stacked(text string) string {
	const beside = 14 // blanks before a line that goes on with the second column
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		last := len(lines) - 1
		name, about, two := strings.Cut(body, "  ")
		switch {
		case body == "" || last < 0:
			lines = append(lines, body)
		case indent >= beside && strings.HasPrefix(lines[last], "    "):
			lines[last] += " " + body
		case indent >= beside:
			lines = append(lines, "    "+body)
		case indent == 0 && lines[last] != "" && !strings.HasPrefix(lines[last], " ") && !strings.HasSuffix(lines[last], ":"):
			lines[last] += " " + body
		case two && indent > 0:
			lines = append(lines, "  "+name, "    "+strings.TrimLeft(about, " "))
		default:
			lines = append(lines, strings.Repeat(" ", min(indent, 2))+body)
		}
	}
	return strings.Join(lines, "\n")
}

// printNarrow lists windows without a table.
func printNarrow(io *streams, list []*listed) error {
	for _, w := range list {
		text := fmt.Sprintf("window %d of %s: %s, %s\n", w.Window, w.Pipeline, w.State, report.Plural(w.Runs, "run"))
		if note := report.Clean(w.note()); note != "" {
			text += "  " + note + "\n"
		}
		if _, err := io.text().Write([]byte(text)); err != nil {
			return err
		}
	}
	return nil
}
