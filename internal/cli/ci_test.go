package cli

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

func verdictOf(o events.Outcome, change func(*events.Verdict)) *events.Verdict {
	v := &events.Verdict{Outcome: o, Pipeline: "p", Window: 5, Runs: 3, Ticks: 2}
	if change != nil {
		change(v)
	}
	return v
}

func latch(v *events.Verdict) {
	v.Divergence = &events.Divergence{Location: events.Location{Kind: events.KindLatch}}
}

func broken(runs ...int) func(*events.Verdict) {
	return func(v *events.Verdict) {
		for _, run := range runs {
			v.Problems = append(v.Problems, events.Problem{Run: run, Stream: events.StreamTrace, Reason: "a\x1b]]>\n::error::b"})
		}
	}
}

// What was not a pass has no report in which nothing is wrong, and every report can be
// read as XML whatever the verdict says.
func TestJUnitCounts(t *testing.T) {
	for name, c := range map[string]struct {
		v                         *events.Verdict
		failures, errors, skipped int
	}{
		"pass":             {verdictOf(events.Pass, nil), 0, 0, 0},
		"latch":            {verdictOf(events.Fail, latch), 3, 0, 0},
		"one run broken":   {verdictOf(events.Inconclusive, broken(1)), 0, 1, 2},
		"all broken":       {verdictOf(events.Inconclusive, broken(0, 1, 2)), 0, 3, 0},
		"none can be told": {verdictOf(events.Inconclusive, broken(-1, 7)), 0, 3, 0},
		"names that no one has": {verdictOf(events.Fail, func(v *events.Verdict) {
			latch(v)
			v.Outliers, v.Pipeline, v.Reproduce = []int{2, 99}, "\x00<\"&\xff", "]]>\x1b[31m\ufffe"
			v.Groups = []events.Group{{Hash: "\x00\xff"}, {Hash: "]]>\uffff"}}
		}), 1, 0, 0},
	} {
		text := junit(false, c.v)
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
		var got junitSuites
		if err := xml.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		s := got.Suites[0]
		if len(got.Suites) != 1 {
			t.Errorf("%s: %d suites", name, len(got.Suites))
		}
		if s.Tests != 3 || len(s.Cases) != 3 || s.Failures != c.failures || s.Errors != c.errors || s.Skipped != c.skipped {
			t.Errorf("%s: %d failures, %d errors, %d skipped, want %d, %d, %d\n%s", name, s.Failures, s.Errors, s.Skipped, c.failures, c.errors, c.skipped, text)
		}
		if !bytes.Equal(text, junit(false, c.v)) {
			t.Errorf("%s: not the same bytes twice", name)
		}
	}
}

func TestGitHubCommand(t *testing.T) {
	for _, c := range []struct {
		v    *events.Verdict
		want string
	}{
		{verdictOf(events.Pass, nil), "::notice title=pass%3A window 5 of p::all 3 runs are equal to the byte"},
		{verdictOf(events.Inconclusive, func(v *events.Verdict) {
			v.Pipeline = "a,b:c\r\n%"
			broken(1)(v)
			v.Problems[0].Reason = "100% of a:b,\nc"
		}), `::error title=inconclusive%3A window 5 of a%2Cb%3Ac%0D%0A%25::run 1 could not be judged: 100%25 of a:b,\nc`},
	} {
		if got := githubCommand(c.v, false); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	if got, want := githubData.Replace("%\r\n:,"), "%25%0D%0A:,"; got != want {
		t.Errorf("data %s, want %s", got, want)
	}
}

// A text cannot end the stretch in which commands are not obeyed.
func TestWithoutCommands(t *testing.T) {
	text := "::error::no\n"
	got := string(withoutCommands([]byte(text)))
	word, ok := strings.CutPrefix(strings.SplitN(got, "\n", 2)[0], "::stop-commands::")
	if !ok || got != "::stop-commands::"+word+"\n"+text+"::"+word+"::\n" || strings.Contains(text, word) {
		t.Errorf("got %s", got)
	}
}

// Backquotes in a report do not end its block.
func TestSummaryFence(t *testing.T) {
	got := string(summary(verdictOf(events.Fail, func(v *events.Verdict) {
		latch(v)
		v.Reproduce = "ers run ````"
	})))
	if !strings.HasPrefix(got, "\n### ERS: fail, window 5 of p\n\n`````text\nFAIL ") || !strings.HasSuffix(got, "\n`````\n") {
		t.Errorf("got %s", got)
	}
}
