//go:build !linux

package processtest

import "testing"

// Again tells whether this process was started here.
func Again() bool { return false }

// AsOrdinaryUser skips the test here.
func AsOrdinaryUser(t *testing.T) { t.Skip("it needs Linux") }

// WithoutNamespaces skips the test here.
func WithoutNamespaces(t *testing.T) { t.Skip("it needs Linux") }
