package cli

import (
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/report"
)

// say tells something on standard error, the name of the command before each line. What came
// from a stream or a file is in it as it is safe to show.
func (s *streams) say(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprintf(s.err, "%s: %s\n", s.name(), report.Clean(line))
	}
}
