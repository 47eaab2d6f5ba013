//go:build !race

package view

// longTicks is how long a long window is.
const longTicks = 100_000
