//go:build !race

package page

// longTicks is how long a long window is.
const longTicks = 100_000
