package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/rules"
)

// ParseAs reads what contents are to be looked at as: WHERE=KIND, where WHERE is stdout,
// stderr, probe, or the path or glob of a file, and KIND json, jsonl, text or bytes.
func ParseAs(list []string) (map[string]content.As, error) {
	as := make(map[string]content.As)
	for _, s := range list {
		i := strings.LastIndexByte(s, '=')
		if i <= 0 {
			return nil, fmt.Errorf("as %.120q: write WHERE=KIND, such as stdout=text", s)
		}
		kind, err := content.ParseAs(s[i+1:])
		if err != nil {
			return nil, fmt.Errorf("as %.120q: %w", s, err)
		}
		name, err := rules.ContentName(s[:i])
		if err != nil {
			return nil, fmt.Errorf("as %.120q: %w", s, err)
		}
		if _, again := as[name]; again {
			return nil, fmt.Errorf("as %.120q: %s is there twice", s, s[:i])
		}
		as[name] = kind
	}
	return as, nil
}

// want is what a content is to be looked at as, "" to find out: as its name says, else as
// the first glob of all that match it.
func (o *Options) want(name string) content.As {
	if as, ok := o.As[name]; ok {
		return as
	}
	path, isFile := strings.CutPrefix(name, rules.FileName(""))
	for _, where := range slices.Sorted(maps.Keys(o.As)) {
		glob, isGlob := strings.CutPrefix(where, rules.FileName(""))
		if isFile && isGlob && rules.Match(glob, path) {
			return o.As[where]
		}
	}
	return ""
}
