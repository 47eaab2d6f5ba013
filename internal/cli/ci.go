package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// ciFlags say how a verdict is handed to a CI system, beside being printed.
type ciFlags struct {
	JUnit  string `name:"junit" placeholder:"FILE" type:"path" help:"Write the verdict to FILE as JUnit XML, a test case for each run. An older FILE is removed before the window begins."`
	GitHub bool   `name:"github" help:"Print the verdict as a workflow command of GitHub Actions too, on standard error with --json, and append the report to the file that GITHUB_STEP_SUMMARY names."`

	told []*events.Verdict // so far, of several windows
}

// ciWidth is for how many columns reports in files are.
const ciWidth = 100

// begin finds out before the window whether the file can be written, and removes an
// older one: a window that ends without a verdict must not leave another's behind.
func (c *ciFlags) begin() error {
	if c.JUnit == "" {
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(c.JUnit)); err != nil || !dir.IsDir() {
		return fmt.Errorf("--junit: %s is not in a folder that is there", c.JUnit)
	}
	info, err := os.Lstat(c.JUnit)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("--junit: %s is there and is not a regular file", c.JUnit)
	case err == nil:
		err = os.Remove(c.JUnit)
	}
	if err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return nil
}

// write hands over a verdict that has been printed. asJSON: standard output is taken.
// strict: a pass in which nothing ran is a fail.
func (c *ciFlags) write(io *streams, v *events.Verdict, asJSON, strict bool) (err error) {
	c.told = append(c.told, v)
	if c.JUnit != "" {
		err = userfile.Write(c.JUnit, junit(strict, c.told...))
	}
	if c.GitHub {
		out := io.out
		if asJSON {
			out = io.err
		}
		_, printErr := fmt.Fprintln(out, githubCommand(v, strict))
		err = errors.Join(err, printErr, appendSummary(os.Getenv("GITHUB_STEP_SUMMARY"), v))
	}
	return err
}

// The elements of a JUnit report, of which there is no standard but what readers of
// it have in common.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
	Out      string      `xml:"system-out,omitempty"` // what a pass in which nothing ran is worth
}

type junitCase struct {
	ClassName string       `xml:"classname,attr"`
	Name      string       `xml:"name,attr"`
	Failure   *junitDetail `xml:"failure"`
	Error     *junitDetail `xml:"error"`
	Skipped   *junitDetail `xml:"skipped"`
}

type junitDetail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// junit is JUnit XML of verdicts: a test suite for each window, a test case for each
// run. It has no times, so that the same verdicts give the same bytes. A verdict that
// is not a pass never has a report in which nothing failed.
func junit(strict bool, list ...*events.Verdict) []byte {
	var suites junitSuites
	for _, v := range list {
		suites.Suites = append(suites.Suites, suiteOf(v, strict))
	}
	text, err := xml.MarshalIndent(suites, "", "  ")
	if err != nil {
		panic(err) // these types have an XML form
	}
	return slices.Concat([]byte(xml.Header), text, []byte("\n"))
}

func suiteOf(v *events.Verdict, strict bool) junitSuite {
	s := junitSuite{Name: fmt.Sprintf("window %d of %s", v.Window, v.Pipeline), Tests: v.Runs, Cases: make([]junitCase, v.Runs)}
	blamed := blamed(v)
	detail := junitDetail{Message: report.Headline(v), Text: onlyXML(string(report.Append(nil, v, report.Options{Width: ciWidth})))}
	for run := range s.Cases {
		c := &s.Cases[run]
		c.ClassName, c.Name = v.Pipeline, fmt.Sprintf("run %d", run)
		switch {
		case v.Empty != "" && strict:
			detail.Type = string(v.Empty)
			c.Failure = &detail
			s.Failures++
		case v.Outcome == events.Fail && blamed[run]:
			detail.Type = string(v.Divergence.Kind)
			c.Failure = &detail
			s.Failures++
		case v.Outcome == events.Inconclusive && blamed[run]:
			c.Error = &detail
			s.Errors++
		case v.Outcome == events.Inconclusive: // neither a pass nor to blame
			c.Skipped = &junitDetail{Message: "nothing is proved by an inconclusive window"}
			s.Skipped++
		}
	}
	if v.Empty != "" {
		s.Out = onlyXML(report.FirstLine(v))
	}
	return s
}

// blamed tells for each run whether a verdict other than pass is its doing. When
// none stands out it is that of all, as with a latch.
func blamed(v *events.Verdict) []bool {
	list := make([]bool, v.Runs)
	any := false
	blame := func(run int) {
		if run >= 0 && run < v.Runs {
			list[run], any = true, true
		}
	}
	if v.Outcome == events.Fail {
		for _, run := range v.Outliers {
			blame(run)
		}
	}
	for _, p := range v.Problems {
		blame(p.Run)
	}
	for run := range list {
		list[run] = list[run] || !any
	}
	return list
}

// onlyXML replaces what may not stand in XML at all, not even as an escape.
func onlyXML(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// What GitHub's runner turns back in the text and in the properties of a command.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// githubCommand is a verdict as a workflow command.
func githubCommand(v *events.Verdict, strict bool) string {
	level := "error"
	switch {
	case v.Outcome == events.Pass && v.Empty == "":
		level = "notice"
	case v.Outcome == events.Pass && !strict:
		level = "warning"
	}
	title := fmt.Sprintf("%s: window %d of %s", v.Outcome, v.Window, v.Pipeline)
	return "::" + level + " title=" + githubProperty.Replace(title) + "::" + githubData.Replace(report.Headline(v))
}

// withoutCommands keeps GitHub's runner from obeying what looks like a workflow
// command in a text. The word that ends that is the text's own hash, which the text
// cannot hold.
func withoutCommands(text []byte) []byte {
	word := fmt.Sprintf("%x", sha256.Sum256(text))
	return fmt.Appendf(nil, "::stop-commands::%s\n%s::%s::\n", word, text, word)
}

// appendSummary appends a report as Markdown to the summary of a step; name "" is none.
func appendSummary(name string, v *events.Verdict) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	_, err = f.Write(summary(v))
	return errors.Join(err, f.Close())
}

// summary is a report as Markdown. Its fence is longer than any in the report.
func summary(v *events.Verdict) []byte {
	text := report.Append(nil, v, report.Options{Width: ciWidth})
	fence := []byte("```")
	for bytes.Contains(text, fence) {
		fence = append(fence, '`')
	}
	return fmt.Appendf(nil, "\n### ERS: %s, window %d of %s\n\n%stext\n%s%s\n", v.Outcome, v.Window, v.Pipeline, fence, text, fence)
}
