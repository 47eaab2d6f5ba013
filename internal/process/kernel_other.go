//go:build !linux

package process

// kernel is not known here.
func kernel() string { return "" }
