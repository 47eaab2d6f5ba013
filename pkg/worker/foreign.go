package worker

import (
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// Foreign returns the JSON pointer (RFC 6901) of the first number in v that a worker
// does not take: one of NaN, Infinity and -Infinity for one without nan, an integer
// beyond ±(2^53 - 1) for one without bigint. found is false when there is none; the
// pointer of v itself is "".
func Foreign(v canon.Value, nan, bigint bool) (pointer string, found bool) {
	if (nan || v.Standard()) && (bigint || !mayBeBig(v)) {
		return "", false
	}
	return foreign(v, nan, bigint)
}

// mayBeBig tells whether v holds sixteen digits in a row, as a large integer does.
func mayBeBig(v canon.Value) bool {
	for i, run := 0, 0; i < len(v); i++ {
		if c := v[i]; c < '0' || c > '9' {
			run = 0
		} else if run++; run == 16 {
			return true
		}
	}
	return false
}

func foreign(v canon.Value, nan, bigint bool) (pointer string, found bool) {
	switch v.Kind() {
	case canon.Float:
		return "", !nan && !v.Standard()
	case canon.Int:
		n, ok := v.Int()
		return "", !bigint && (!ok || n > maxInteger || n < -maxInteger)
	case canon.Array:
		i := 0
		for element := range v.Elements() {
			if below, found := foreign(element, nan, bigint); found {
				return "/" + strconv.Itoa(i) + below, true
			}
			i++
		}
	case canon.Object:
		for name, member := range v.Members() {
			if below, found := foreign(member, nan, bigint); found {
				return "/" + escapePointer(name) + below, true
			}
		}
	}
	return "", false
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscapes.Replace(name) }
