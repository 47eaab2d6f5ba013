// Package program says what a pipeline is on the bus: its [Definition] and the
// [Contexts] that it runs over, each as bytes that are named by their SHA-256 and hold
// everything that the author wrote. How many runs and ticks, and the budgets, are not
// in them but in the window request.
//
// What a definition comes to is a matter of its kind: package starlark below makes the
// tasks of one that is written in Starlark. The package itself is pure and knows the
// rules alone that hold for every kind.
package program
