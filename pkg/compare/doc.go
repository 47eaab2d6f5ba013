// Package compare decides whether the runs of a window are equal to the byte. If
// they are not, it says where, in what and in which runs they differ.
//
// [Judge] is the core of the gate. It is given the last digest of every run and a
// [Source] for what else it wants to see, and returns the verdict:
//
//   - inconclusive, when the digest of some run does not prove that the run is
//     complete, or when the evidence contradicts itself;
//   - pass, when all runs are complete and have the same trace hash and the same result hash, and
//     that of the latch if there is one;
//   - fail otherwise. The runs are grouped by their hashes. For each group the first
//     tick that differs from the largest group is looked up and explained.
//
// [Runs] does the same for a function that makes runs, in the tests of a Go program.
//
// The first difference is one between (event, result) pairs, field by field and
// down to the first place in a meta or a value that differs. Equal means that the
// canonical bytes are equal: 1, 1.0 and true are three values, so are 0.0 and -0.0,
// and NaN equals itself.
//
// The package is pure: it imports no net, os, time or rand.
package compare
