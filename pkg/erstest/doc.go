// Package erstest asks in a Go test whether the same inputs give the same outputs: of a
// function, of a pipeline file, or of the tasks of a program. A test fails with the whole
// report: where, in what and in which runs it differs.
//
//	func TestWords(t *testing.T) {
//		erstest.Invariant(t, func() (any, error) { return words("notes.txt") })
//	}
//
//	func TestPipeline(t *testing.T) {
//		erstest.Pipeline(t, "pipeline.yaml")
//	}
//
// Equality is equality of canonical bytes: 1, 1.0 and true are three values, the order of
// a map's keys is none, that of a slice counts. A value is nil, a boolean, a number, a
// string, or slices and maps with string keys of these; ers.JSON makes one of a struct.
//
// A difference fails the test and lets it go on (t.Errorf). What could not be told, such
// as a function that ends in an error in every run, stops it (t.Fatalf): twelve equal
// errors are no pass.
//
// # Processes
//
// Starlark and commands run in processes of their own, for which the test binary starts
// itself again. Such a process does its work before any code of the test runs, and ends:
// importing this package is enough, and no TestMain is needed.
package erstest
