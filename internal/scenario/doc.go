// Package scenario tests the cores of hasher and gate together by text scripts: what is
// on the streams, what the cores make of it, and what becomes of both when a stream is
// cut short, restored or forged. A script takes milliseconds, since nothing in it does
// input or output.
//
// The scripts are in testdata; `go test ./internal/scenario -rewrite` writes down what
// comes out now, for a person to read before it is committed. Their commands are listed
// at the top of script_test.go.
package scenario
