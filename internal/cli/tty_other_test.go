//go:build !linux

package cli

import "github.com/rogpeppe/go-internal/testscript"

// tty is for scripts that begin with [!linux] skip.
func tty(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("no terminal") }

func typed(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("no terminal") }
