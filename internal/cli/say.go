package cli

import (
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/pkg/report"
)

// say tells something on standard error, the name of the command before each line. What came
// from a stream or a file is in it as it is safe to show.
func (s *streams) say(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprint(s.err, report.Fold(s.name()+": "+report.Clean(line)+"\n", s.widthErr))
	}
}

// screen is what a report on standard output is made for.
func (s *streams) screen() report.Options {
	return report.Options{Color: s.colorOut, Width: s.width, Screen: s.width > 0}
}

// text is standard output for whole lines that people read: on a terminal words are not broken.
func (s *streams) text() io.Writer { return folder{s.out, s.width} }

type folder struct {
	out     io.Writer
	columns int
}

func (f folder) Write(text []byte) (int, error) {
	_, err := io.WriteString(f.out, report.Fold(string(text), f.columns))
	return len(text), err
}
