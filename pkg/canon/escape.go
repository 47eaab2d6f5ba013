package canon

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape decodes the escape that s begins with, and returns how many bytes it
// takes: 0 when there is none, or half of a surrogate pair.
func unescape[T string | []byte](s T) (r rune, size int) {
	if len(s) < 2 || s[0] != '\\' {
		return 0, 0
	}
	switch c := s[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := unit(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unit decodes the \uXXXX that s begins with.
func unit[T string | []byte](s T) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// appendUnescaped appends what the inside of a string stands for. An escape that
// is none is taken as it is.
func appendUnescaped[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); {
		if r, size := unescape(s[i:]); size > 0 {
			dst = utf8.AppendRune(dst, r)
			i += size
		} else {
			dst = append(dst, s[i])
			i++
		}
	}
	return dst
}

// string reads a string and appends its canonical form.
func (p *parser) string() error {
	start := p.pos
	p.pos++
	p.dst = append(p.dst, '"')
	for {
		n := plainRun(p.src[p.pos:])
		p.dst = append(p.dst, p.src[p.pos:p.pos+n]...)
		p.pos += n
		if p.pos == len(p.src) {
			return p.fail(start, "a string has no end")
		}
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			p.dst = append(p.dst, '"')
			return nil
		case c == '\\':
			r, size := unescape(p.src[p.pos:])
			if size == 0 {
				return p.badEscape()
			}
			p.pos += size
			if r < ' ' || r == '"' || r == '\\' {
				p.dst = appendEscape(p.dst, byte(r))
			} else {
				p.dst = utf8.AppendRune(p.dst, r)
			}
		case c < ' ':
			return p.fail(p.pos, "a string holds the control character 0x%02x: escape it", c)
		default:
			r, size := utf8.DecodeRune(p.src[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return p.invalidUTF8()
			}
			p.dst = append(p.dst, p.src[p.pos:p.pos+size]...)
			p.pos += size
		}
	}
}

func (p *parser) badEscape() error {
	if _, ok := unit(p.src[p.pos:]); ok {
		return p.fail(p.pos, "the lone surrogate %s is not a character", string(p.src[p.pos:p.pos+6]))
	}
	escape := p.src[p.pos:min(p.pos+2, len(p.src))]
	if bytes.Equal(escape, []byte(`\u`)) {
		return p.fail(p.pos, `\u needs four hexadecimal digits`)
	}
	return p.fail(p.pos, "unknown escape %q", string(escape))
}
