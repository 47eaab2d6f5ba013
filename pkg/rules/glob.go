package rules

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// checkGlob says what is wrong with a glob of paths.
func checkGlob(glob string) error {
	switch {
	case glob == "":
		return errors.New("it does not say which file: write file:PATH")
	case strings.HasPrefix(glob, "/") || glob == ".." || strings.HasPrefix(glob, "../") || strings.Contains(glob, "/../") || strings.HasSuffix(glob, "/.."):
		return errors.New("files are named by their path from the working folder")
	case strings.Contains(glob, "#json:") || strings.Contains(glob, "#line:"):
		return errors.New("write ? for the # of a path")
	case path.Clean(glob) != glob:
		return fmt.Errorf("write %s", path.Clean(glob))
	}
	for _, segment := range strings.Split(glob, "/") {
		if _, err := path.Match(segment, "x"); err != nil {
			return fmt.Errorf("%q is not a glob: [ has no end, or \\ nothing behind it", segment)
		}
		if strings.Contains(segment, "**") && segment != "**" {
			return fmt.Errorf("** stands for whole folders: write %s", strings.ReplaceAll(segment, "**", "**/*"))
		}
	}
	return nil
}

// Match tells whether a path matches a glob: * and ? are within a name, ** as a whole
// name is any number of folders, none too.
func Match(glob, name string) bool {
	return matchSegments(strings.Split(glob, "/"), strings.Split(name, "/"))
}

func matchSegments(glob, name []string) bool {
	for len(glob) > 0 {
		if glob[0] == "**" {
			for len(glob) > 1 && glob[1] == "**" {
				glob = glob[1:]
			}
			for i := range len(name) + 1 {
				if matchSegments(glob[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(glob[0], name[0]); !ok || err != nil {
			return false
		}
		glob, name = glob[1:], name[1:]
	}
	return len(name) == 0
}
