package report

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// awkward are words with what shells, terminals and pages take for something else.
var awkward = []string{"a", "", "it's", "a b", `back\slash`, `\n`, "$x", "'", "ü", "x=y", "=x", "''", "a\nb", "a\tb", "\n", "a\n\n", "100%", "%d\x1b[31m",
	"\u202egpj.exe", "zero\u200bwidth", "\x1b]0;title\a", "not\xffutf8", "\xe2\x80", "!x", "`id`", "$(id)", "a\x7f'b\"c\\d!`%s\n.", "日本", "a;b|c&d>e<f", "~", "*", "{a,b}", "^x^y", "#x", "\r", "-", "\"\n`$x`.\"", "\u00a0", "e\u0301\x01"}

// Shells give back the words of which a line was made, also where it is broken into parts.
func TestShellLineRuns(t *testing.T) {
	ran := 0
	for _, name := range []string{"sh", "bash", "zsh", "busybox"} {
		if _, err := exec.LookPath(name); err != nil {
			continue
		}
		words := append(slices.Clone(awkward), strings.Repeat("long 'word'\n", 30)+"end", strings.Repeat("\u202e", 50))
		if name == "sh" { // it may not have $'…'
			words = slices.DeleteFunc(words, func(w string) bool { return strings.HasSuffix(w, "\n") })
		}
		line := ShellLine(append([]string{"printf", "<%s>"}, words...))
		parts := ShellParts(line, 60)
		for _, part := range parts {
			if width(part) > 60 || clean(part) != part {
				t.Errorf("a part of more than a line, or not as it is shown: %s", part)
			}
		}
		for _, typed := range []string{line, strings.Join(parts, "\n")} {
			args := []string{"-c", typed}
			if name == "busybox" {
				args = append([]string{"sh"}, args...)
			}
			got, err := exec.Command(name, args...).CombinedOutput()
			if want := "<" + strings.Join(words, "><") + ">"; err != nil || string(got) != want {
				t.Errorf("%s makes %q, want %q: %v\n%s", name, got, want, err, typed)
			}
			ran++
		}
	}
	if ran == 0 {
		t.Fatal("there is no shell")
	}
}

// What is written as words of a shell is read as those words, and shows as it is.
func TestShellWords(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, words []string) {
		line := ShellLine(words)
		if got, ok := ShellWords(line); !ok || !slices.Equal(got, words) {
			t.Errorf("%q from %s", got, line)
		}
		if clean(line) != line || Command(line) != line {
			t.Errorf("%s is shown as %s", line, clean(line))
		}
	}
	check(t, awkward)
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a \\'\"$!%\n\t`(\x1b"))), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))).Draw(t, "words"))
	})
	for _, line := range []string{"a | b", "$x", `"a"`, "'a", `"$(printf 'a`, `"$(printf '\9')"`, `"$(printf '\12')"`, "$'a", "a;b", "a\nb", `a\`, "`id`"} {
		if words, ok := ShellWords(line); ok {
			t.Errorf("%s is read as %q", line, words)
		}
	}
}

// A line from data that would not show as it is is written anew, so that it still runs.
func TestCommand(t *testing.T) {
	for line, want := range map[string]string{
		"ers run -f 'a b'":          "ers run -f 'a b'",
		"cd x && make":              "cd x && make",
		"ers run -f 'a\u202eb'":     `ers run -f "$(printf 'a\342\200\256b')"`,
		"ers run -f 'a\nb'":         `ers run -f "$(printf 'a\nb')"`,
		"cd x && make \u202e; \x1b": `cd x && make \u202e; \u001b`,
	} {
		if got := Command(line); got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
}
