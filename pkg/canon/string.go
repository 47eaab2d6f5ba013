package canon

import (
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// ErrUTF8 is wrapped by the errors about strings that are not UTF-8.
var ErrUTF8 = errors.New("invalid UTF-8")

// AppendString appends the canonical form of a string, quotes included. Invalid
// UTF-8 is an error that wraps [ErrUTF8]; dst is then returned as it was.
func AppendString(dst []byte, s string) ([]byte, error) {
	if plainRun(s) < len(s) {
		return appendEscaped(dst, s)
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"'), nil
}

func appendEscaped(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		n := invalidAt(s)
		return dst, fmt.Errorf("%w at byte %d of the string %q", ErrUTF8, n, excerpt(s, n))
	}
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			start = i + 1
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

// appendEscape appends the escape of one of the characters that need one.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// plainRun returns how many bytes at the start of s are ASCII that stands for
// itself in a string: no control character, quote or backslash. It looks at eight
// bytes at once.
func plainRun[T string | []byte](s T) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		// A subtraction sets the top bit of each byte that is too low, or zero. Its
		// borrow can only spoil bytes above such a byte, so the lowest is right.
		special := (w | (w - ones*' ') | (w ^ ones*'"' - ones) | (w ^ ones*'\\' - ones)) & tops
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// invalidAt returns the index of the first byte that is not UTF-8.
func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}

// excerpt cuts a long string to a few bytes around index n, for error messages. It
// may cut characters: show it with %q.
func excerpt(s string, n int) string {
	return s[max(0, n-20):min(len(s), n+40)]
}
