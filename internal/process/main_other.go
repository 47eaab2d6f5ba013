//go:build !linux

package process

// Main does nothing here but say that it was called: commands are started by this process.
func Main() { hooked.Store(true) }
