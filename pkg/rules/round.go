package rules

import (
	"math"
	"strconv"
)

// Round returns f with at most digits significant decimal digits. The digits that are
// rounded are those of the shortest decimal that reads back as f, the one that is printed
// and that canonical bytes have; half goes to the even digit: 0.25 and 0.35 with one digit
// are 0.2 and 0.4. What has no more digits stays as it is, as do -0.0, NaN and the
// infinities, and a number that would become infinite.
//
// There is no tolerance: with two digits 0.1249 and 0.1251 become 0.12 and 0.13, however
// close they are.
func Round(f float64, digits int) float64 {
	if digits < 1 || math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	var room [32]byte
	text := strconv.AppendFloat(room[:0], math.Abs(f), 'e', -1, 64) // d.ddde±xx
	e := len(text) - 1
	for text[e] != 'e' {
		e--
	}
	exponent, _ := strconv.Atoi(string(text[e+1:]))
	decimal := text[:1]
	if e > 1 {
		decimal = append([]byte{text[0]}, text[2:e]...)
	}
	if len(decimal) <= digits {
		return f
	}
	kept, up := decimal[:digits], roundsUp(decimal, digits)
	for i := digits - 1; up && i >= 0; i-- {
		if kept[i]++; kept[i] <= '9' {
			up = false
			break
		}
		kept[i] = '0'
	}
	if up { // all of them were nines
		kept, exponent = append([]byte{'1'}, kept...), exponent+1
	}
	rounded, err := strconv.ParseFloat(string(kept[:1])+"."+string(kept[1:])+"0e"+strconv.Itoa(exponent), 64)
	if err != nil {
		return f
	}
	return math.Copysign(rounded, f)
}

// roundsUp tells whether what follows the first digits is more than half, or half behind
// an odd digit.
func roundsUp(decimal []byte, digits int) bool {
	if c := decimal[digits]; c != '5' {
		return c > '5'
	}
	if len(decimal) > digits+1 { // the shortest decimal does not end in zeros
		return true
	}
	return (decimal[digits-1]-'0')%2 == 1
}
