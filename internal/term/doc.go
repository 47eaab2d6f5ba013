// Package term draws with text, for terminals and logs: a [Grid] of runs × ticks, and
// the [Board] of a bus at work. What is drawn fits a width, and nothing is told by
// colour alone.
//
// The package is pure: it imports no net, os, time or rand.
package term

import "strings"

// style is an ANSI "select graphic rendition".
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
)

func paint(color bool, s style, text string) string {
	if !color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func blank(columns int) string { return strings.Repeat(" ", max(columns, 0)) }
