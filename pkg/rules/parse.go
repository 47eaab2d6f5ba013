package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParseIgnore reads what is to be ignored: WHERE#json:POINTER, WHERE#line:REGEXP or
// file:GLOB, where WHERE is stdout, stderr, probe, value, or the path or glob of a file.
func ParseIgnore(s string) (Rule, error) {
	r, err := parse(s)
	if err != nil {
		return Rule{}, fmt.Errorf("ignore %.120q: %w", s, err)
	}
	r.Do = Ignore
	if err := r.check(); err != nil {
		return Rule{}, fmt.Errorf("ignore %.120q: %w", s, err)
	}
	return r, nil
}

// ParseRound reads what is to be rounded: WHERE#json:POINTER=DIGITS.
func ParseRound(s string) (Rule, error) {
	i := strings.LastIndexByte(s, '=')
	if i < 0 {
		return Rule{}, fmt.Errorf("round %.120q: how many significant digits? Write %.120s=12", s, s)
	}
	digits, err := strconv.Atoi(s[i+1:])
	if err != nil || strconv.Itoa(digits) != s[i+1:] {
		return Rule{}, fmt.Errorf("round %.120q: %.40q is not a number of significant digits: want 1 to %d", s, s[i+1:], MaxDigits)
	}
	r, err := parse(s[:i])
	if err != nil {
		return Rule{}, fmt.Errorf("round %.120q: %w", s, err)
	}
	r.Do, r.Digits = Rounds, digits
	if err := r.check(); err != nil {
		return Rule{}, fmt.Errorf("round %.120q: %w", s, err)
	}
	return r, nil
}

// ContentName reads where a content is: stdout, stderr or probe, or the path or glob of a
// file, with file: before it or without. It returns it as a Rule has it.
func ContentName(where string) (string, error) {
	switch {
	case where == Value:
		return "", fmt.Errorf("a value is not a content: want stdout, stderr, probe or a file")
	case slices.Contains(places, where):
		return where, nil
	}
	glob := strings.TrimPrefix(where, filePrefix)
	return FileName(glob), checkGlob(glob)
}

func parse(s string) (r Rule, err error) {
	at := -1
	for _, kind := range [...]Kind{JSON, Line} {
		mark := "#" + string(kind) + ":"
		if i := strings.Index(s, mark); i >= 0 && (at < 0 || i < at) {
			at, r.Kind, r.Pattern = i, kind, s[i+len(mark):]
		}
	}
	if at < 0 {
		return whole(s)
	}
	if r.Where = s[:at]; r.Where == "" {
		return r, fmt.Errorf("it does not say where: write stdout%s", s)
	}
	if !slices.Contains(places, r.Where) && !strings.HasPrefix(r.Where, filePrefix) {
		r.Where = filePrefix + r.Where
	}
	return r, nil
}

// whole reads a rule that says nothing of what in it.
func whole(s string) (Rule, error) {
	switch {
	case strings.HasPrefix(s, filePrefix) && strings.IndexByte(s, '#') < 0:
		return Rule{Where: s, Kind: File}, nil
	case strings.IndexByte(s, '#') >= 0:
		return Rule{}, fmt.Errorf("behind # stands json: and a pointer, or line: and a regular expression; write ? for the # of a path")
	case slices.Contains(places, s):
		return Rule{}, fmt.Errorf("what of it? Write %s#json:/pointer or %s#line:REGEXP", s, s)
	}
	return Rule{}, fmt.Errorf("it does not say what of it: write file:%s for the whole file, or %s#json:/pointer, or %s#line:REGEXP", s, s, s)
}
