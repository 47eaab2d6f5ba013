// Package canon writes the canonical bytes of values, scheme "ers-c14n/1", and
// hashes lists of them.
//
// The canonical form of a value is the UTF-8 text that CPython writes for it with
//
//	json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
//
// so that a hash made here equals one made by hashlib there. In short:
//
//   - Object keys are sorted by code point and never repeat.
//   - In strings only '"', '\' and characters below U+0020 are escaped: \b \t \n
//     \f \r in the short form, the others as \u00xx in lower case. Everything
//     else stays raw, without normalisation. Invalid UTF-8 is an error.
//   - Integers are exact, of any size.
//   - Floats have the shortest digits that round-trip; exponent form exactly when
//     the decimal exponent is < -4 or >= 16 (1e-05, 1e+16), otherwise with a point
//     (100.0, -0.0). Not-a-number and the infinities are NaN, Infinity, -Infinity.
//   - 1, 1.0 and true are three different values.
//
// Start at [Of] (Go value to [Value]), [Parse] (JSON text to Value) and [ListHash].
// [Append] writes into a buffer of the caller; [Scanner] reads JSON Lines.
// The package is pure: it imports no net, os, time or rand, and its functions may
// be called from any goroutine.
package canon

// Scheme names this canonical form in every document that carries a hash of it.
const Scheme = "ers-c14n/1"
