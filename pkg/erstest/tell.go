package erstest

import (
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// reportWidth is for how many columns reports are.
const reportWidth = 100

// only returns the options of a call.
func only(o []Options) (Options, error) {
	var option Options
	switch len(o) {
	case 0:
	case 1:
		option = o[0]
	default:
		return option, fmt.Errorf("%d Options are given: want at most one", len(o))
	}
	if option.Runs == 0 {
		option.Runs = compare.DefaultRuns
	}
	switch {
	case option.Runs < events.MinRuns || option.Runs > events.MaxRuns:
		return option, fmt.Errorf("option Runs is %d: want %d to %d, or 0 for %d", option.Runs, events.MinRuns, events.MaxRuns, compare.DefaultRuns)
	case option.Ticks < 0:
		return option, fmt.Errorf("option Ticks is %d: want 0 or more", option.Ticks)
	case option.Parallel < 0:
		return option, errors.New("option Parallel is negative: want how many calls run at once")
	}
	return option, nil
}

// tell fails the test with the report, unless the runs are equal.
func tell(t testing.TB, v *events.Verdict, again string) {
	t.Helper()
	v.Reproduce = again
	text := report.Append(nil, v, report.Options{Width: reportWidth})
	switch v.Outcome {
	case events.Pass:
		if v.Empty != "" {
			t.Log(text)
		}
	case events.Fail:
		t.Errorf("%s", text)
	default:
		t.Fatalf("%s", text)
	}
}

// again is the command that runs the test once more.
func again(t testing.TB) string {
	var names []string
	for name := range strings.SplitSeq(t.Name(), "/") {
		names = append(names, "^"+regexp.QuoteMeta(name)+"$")
	}
	pkg := "."
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" {
		pkg = strings.TrimSuffix(info.Path, ".test")
	}
	return report.ShellLine([]string{"go", "test", pkg, "-count", "1", "-run", strings.Join(names, "/")})
}
