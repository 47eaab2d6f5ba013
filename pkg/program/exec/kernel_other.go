//go:build !linux

package exec

// kernel is not known here.
func kernel() string { return "" }
