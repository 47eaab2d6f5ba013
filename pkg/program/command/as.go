package command

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/rules"
)

// ParseAs reads WHERE=KIND, where a content is stdout, stderr, probe or the path of a
// file, and says how it is named in [Options].
func ParseAs(text string) (name string, as content.As, err error) {
	i := strings.LastIndexByte(text, '=')
	if i <= 0 {
		return "", "", fmt.Errorf("%.80q: want WHERE=KIND, as in stdout=text", text)
	}
	if as, err = content.ParseAs(text[i+1:]); err != nil {
		return "", "", err
	}
	name = text[:i]
	if !slices.Contains([]string{rules.Stdout, rules.Stderr, rules.Probe}, name) && !strings.HasPrefix(name, rules.FileName("")) {
		name = rules.FileName(name)
	}
	return name, as, nil
}
