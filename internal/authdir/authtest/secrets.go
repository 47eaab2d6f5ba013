package authtest

import "strings"

// secretsIn are the lines of a file that hold a seed or a part of a private key.
func secretsIn(text string) (list []string) {
	inKey := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "-----BEGIN PRIVATE KEY"):
			inKey = true
		case strings.HasPrefix(line, "-----END"):
			inKey = false
		case inKey && len(line) > 40, strings.HasPrefix(line, "SU"):
			list = append(list, line)
		}
	}
	return list
}
