//go:build race

package page

// longTicks is how long a long window is. The race detector makes everything slow.
const longTicks = 10_000
