package rules

import (
	"fmt"
	"regexp"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// Set are rules that can be applied.
type Set struct {
	list []compiled
}

// compiled is a rule with what its pattern comes to.
type compiled struct {
	Rule
	index  int      // in the set
	path   []string // of a pointer
	regexp *regexp.Regexp
}

// Counts are how often each rule of a set matched, by its index: members and elements
// that were ignored, numbers that were rounded, lines and files. Nil counts nothing.
type Counts []int64

func (c Counts) add(rule int, n int64) {
	if c != nil {
		c[rule] += n
	}
}

// Compile makes a set of rules.
func Compile(list []Rule) (*Set, error) {
	s := &Set{}
	for i, r := range list {
		if err := r.Check(); err != nil {
			return nil, err
		}
		c := compiled{Rule: r, index: i}
		switch r.Kind {
		case JSON:
			if r.Pattern != "" {
				c.path = strings.Split(r.Pattern[1:], "/")
			}
			for i, name := range c.path {
				c.path[i] = unescape.Replace(name)
			}
		case Line:
			var err error
			if c.regexp, err = regexp.Compile(r.Pattern); err != nil {
				return nil, fmt.Errorf("rule %q: %w", r.String(), err)
			}
		}
		s.list = append(s.list, c)
	}
	return s, nil
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// Rules are the rules of the set.
func (s *Set) Rules() []Rule {
	var list []Rule
	for i := range s.len() {
		list = append(list, s.list[i].Rule)
	}
	return list
}

// NewCounts returns counts of zero for the rules of the set.
func (s *Set) NewCounts() Counts { return make(Counts, s.len()) }

func (s *Set) len() int {
	if s == nil {
		return 0
	}
	return len(s.list)
}

// IgnoresFile tells whether a file is ignored whole.
func (s *Set) IgnoresFile(path string, counts Counts) (ignored bool) {
	for i := range s.len() {
		if r := &s.list[i]; r.Kind == File && Match(r.Where[len(filePrefix):], path) {
			counts.add(i, 1)
			ignored = true
		}
	}
	return ignored
}

// Value applies the rules of a task's value.
func (s *Set) Value(v canon.Value, counts Counts) canon.Value {
	return s.Content(Value).JSON(v, counts)
}

// Content returns the rules of a content: Stdout, Stderr, Probe, or [FileName] of a path.
// It is nil when there are none.
func (s *Set) Content(name string) *Content {
	c := &Content{}
	for i := range s.len() {
		r := &s.list[i]
		glob, isGlob := strings.CutPrefix(r.Where, filePrefix)
		path, isFile := strings.CutPrefix(name, filePrefix)
		if r.Where != name && !(isGlob && isFile && Match(glob, path)) {
			continue
		}
		switch r.Kind {
		case JSON:
			c.json = append(c.json, r)
		case Line:
			c.lines = append(c.lines, r)
		}
	}
	if len(c.json)+len(c.lines) == 0 {
		return nil
	}
	return c
}
