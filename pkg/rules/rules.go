// Package rules says what of a value may differ from run to run: what is ignored, and
// which numbers are rounded. It is version "ers-rules/1" ([Version]) of how that is done:
// the rules stand in a pipeline's definition, and whoever applies them to the same bytes
// comes to the same value.
//
// A [Rule] is about one place ([Rule.Where]) and is written, on a command line and in a
// pipeline file, as
//
//	stdout#json:/meta/date        a place in JSON or JSON Lines
//	out.vcf#line:^##fileDate=     lines, by a regular expression
//	file:*.log                    whole files, by a glob
//	stdout#json:/score=12         a place in JSON and significant digits, to be rounded
//
// Rules of lines come first: matching lines are taken out whatever the bytes are, and what
// is left is looked at. Rules of JSON follow where that is JSON or JSON Lines, in the order
// in which they stand, and leave anything else alone. Ignored members are removed, ignored
// elements become null, so that the places of the others stay.
//
// Rounding has no tolerance: it maps each number to one of fewer digits, and two numbers
// that are close, but on either side of a boundary, still differ. See [Round].
//
// [Compile] makes a [Set] of rules, which applies them and counts what each matched. The
// package is pure: it imports no net, os, time or rand. A Set may be used from any
// goroutine.
package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Version names what the rules do.
const Version = "ers-rules/1"

// Rule is one rule. Make one with [ParseIgnore] or [ParseRound].
type Rule struct {
	Do      Action `json:"do"`
	Where   string `json:"where"`   // Stdout, Stderr, Probe, Value, or "file:" and a glob
	Kind    Kind   `json:"kind"`    // what the pattern is
	Pattern string `json:"pattern"` // RFC 6901 with * for any, or RE2; "" for whole files
	Digits  int    `json:"digits"`  // that are left by rounding, 1 to MaxDigits; else 0
}

// Action is what a rule does.
type Action string

const (
	Ignore Action = "ignore"
	Rounds Action = "round"
)

// Kind is how a rule says what it is about.
type Kind string

const (
	JSON Kind = "json" // a JSON pointer in which * is any member or element
	Line Kind = "line" // a regular expression, RE2, that is looked for in each line
	File Kind = "file" // all of the file
)

// The places that are no files.
const (
	Stdout = "stdout"
	Stderr = "stderr"
	Probe  = "probe"
	Value  = "value" // of a task that is not a command

	filePrefix = "file:"
)

var places = []string{Stdout, Stderr, Probe, Value}

// FileName is the name of a file's content, as [Set.Content] and objects have it.
func FileName(path string) string { return filePrefix + path }

// MaxDigits is the most digits that rounding can leave: no float has more.
const MaxDigits = 17

// MaxPattern is the longest pattern, and the longest glob, in bytes.
const MaxPattern = 1 << 10

// MaxRules is the most rules of a task.
const MaxRules = 1000

// String is the rule as it is written on a command line and in a pipeline file.
func (r Rule) String() string {
	where := r.Where
	if glob, ok := strings.CutPrefix(where, filePrefix); ok && r.Kind != File && !slices.Contains(places, glob) && !strings.HasPrefix(glob, filePrefix) {
		where = glob
	}
	text := where
	if r.Kind != File {
		text += "#" + string(r.Kind) + ":" + r.Pattern
	}
	if r.Do == Rounds {
		text += fmt.Sprintf("=%d", r.Digits)
	}
	return text
}

// Check says what is wrong with the rule.
func (r Rule) Check() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("rule %.120q: %w", r.String(), err)
	}
	return nil
}

func (r Rule) check() error {
	glob, isFile := strings.CutPrefix(r.Where, filePrefix)
	switch {
	case !isFile && !slices.Contains(places, r.Where):
		return fmt.Errorf("%.80q is not a place: want stdout, stderr, probe, value, or file: and a path", r.Where)
	case len(r.Pattern) > MaxPattern || len(glob) > MaxPattern:
		return fmt.Errorf("it is longer than %d bytes", MaxPattern)
	case r.Do != Ignore && r.Do != Rounds:
		return fmt.Errorf("unknown action %.40q: want ignore or round", r.Do)
	case r.Do == Rounds && r.Kind != JSON:
		return fmt.Errorf("only numbers in JSON can be rounded: write %s#json:/pointer=12", r.Where)
	case r.Do == Rounds && (r.Digits < 1 || r.Digits > MaxDigits):
		return fmt.Errorf("%d significant digits: want 1 to %d", r.Digits, MaxDigits)
	case r.Do == Ignore && r.Digits != 0:
		return fmt.Errorf("%d digits of what is ignored", r.Digits)
	}
	if isFile {
		if err := checkGlob(glob); err != nil {
			return err
		}
	}
	switch r.Kind {
	case JSON:
		return r.checkPointer()
	case Line:
		if r.Where == Value {
			return fmt.Errorf("a value has no lines: write value#json:/pointer")
		}
		if _, err := regexp.Compile(r.Pattern); err != nil {
			return fmt.Errorf("%w: it must be a regular expression of RE2", err)
		}
		return nil
	case File:
		if strings.IndexByte(glob, '#') >= 0 {
			return fmt.Errorf("write ? for the # of a path")
		}
		if !isFile || r.Pattern != "" {
			return fmt.Errorf("only a file can be ignored whole: write %s#line: to ignore every line", r.Where)
		}
		return nil
	}
	return fmt.Errorf("unknown kind %.40q: want json or line", r.Kind)
}

func (r Rule) checkPointer() error {
	p := r.Pattern
	switch {
	case p == "" && r.Do == Ignore && strings.HasPrefix(r.Where, filePrefix):
		return fmt.Errorf("it would ignore all of it: write %s", r.Where)
	case p == "" && r.Do == Ignore:
		return fmt.Errorf("it would ignore all of it: write %s#line: if that is wanted", r.Where)
	case p != "" && p[0] != '/':
		return fmt.Errorf("a JSON pointer begins with /: write /%s", p)
	}
	for i := range len(p) {
		if p[i] == '~' && (i+1 == len(p) || p[i+1] != '0' && p[i+1] != '1') {
			return fmt.Errorf("~ in a JSON pointer is written ~0, and / inside a name ~1")
		}
	}
	return nil
}

// CheckAll checks the rules of one task. command tells whether it is one that runs a
// command: the contents are its, the value is any other's.
func CheckAll(list []Rule, command bool) error {
	if len(list) > MaxRules {
		return fmt.Errorf("%d rules: at most %d", len(list), MaxRules)
	}
	for i, r := range list {
		if err := r.Check(); err != nil {
			return err
		}
		switch {
		case command && r.Where == Value:
			return fmt.Errorf("rule %.120q: a command has no other value than what it writes: name stdout, stderr, probe or a file", r.String())
		case !command && r.Where != Value:
			return fmt.Errorf("rule %.120q: only a command has %s: write value#json:/pointer", r.String(), r.Where)
		case slices.Contains(list[:i], r):
			return fmt.Errorf("rule %.120q: it stands there twice", r.String())
		}
	}
	return nil
}
