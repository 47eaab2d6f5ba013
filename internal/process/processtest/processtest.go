// Package processtest has what tests of processes need: it runs the tests of a package again,
// as a user who may do less.
package processtest

import (
	"strings"
	"testing"
)

// WantError fails the test unless the error has all these parts in it.
func WantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q\nhas no %q", err, part)
		}
	}
}
