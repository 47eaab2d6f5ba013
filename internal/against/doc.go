// Package against holds a window against another one: what was asked for in both, the
// definition to the line of a file, and where the ticks of two runs differ first.
package against
