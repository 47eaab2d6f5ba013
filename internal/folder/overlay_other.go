//go:build !linux

package folder

import "errors"

// Changes is of Linux alone.
func Changes(lower, upper string, skip []string) ([]Change, error) {
	return nil, errors.New("there are no overlays on this system")
}
