package canon

import (
	"bytes"
	"slices"
	"strconv"
)

// parser turns JSON text into canonical bytes in one pass, without a tree between.
type parser struct {
	src []byte
	pos int    // in src
	dst []byte // the canonical bytes so far

	members []member // of the objects that are open, the innermost last
}

// member is where a member stands in dst, and its name in src.
type member struct {
	start, name, end int // dst[start:name] is the name with its quotes, dst[start:end] everything
	src              int
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// value reads a value that stands in depth arrays and objects.
func (p *parser) value(depth int) error {
	switch c := p.peek(); c {
	case '"':
		return p.string()
	case '{', '[':
		if depth >= MaxDepth {
			return p.fail(p.pos, "nested deeper than %d levels", MaxDepth)
		}
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case 'n':
		return p.word("null")
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'N':
		return p.word("NaN")
	case 'I':
		return p.word("Infinity")
	case '-':
		if p.pos+1 < len(p.src) && p.src[p.pos+1] == 'I' {
			return p.word("-Infinity")
		}
		return p.number()
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number()
	}
	return p.unexpected("a value")
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.src[p.pos:], []byte(w)) || p.inWord(p.pos+len(w)) {
		return p.fail(p.pos, "unknown word: want null, true, false, NaN, Infinity or -Infinity")
	}
	p.dst = append(p.dst, w...)
	p.pos += len(w)
	return nil
}

// inWord tells whether a number or word that ends before i goes on there.
func (p *parser) inWord(i int) bool {
	if i >= len(p.src) {
		return false
	}
	c := p.src[i]
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '-' || c == '+' || c == '_'
}

// digits returns the index after the digits that begin at i.
func (p *parser) digits(i int) int {
	for i < len(p.src) && '0' <= p.src[i] && p.src[i] <= '9' {
		i++
	}
	return i
}

func (p *parser) number() error {
	start, i := p.pos, p.pos
	if p.src[i] == '-' {
		i++
	}
	first := i
	if i = p.digits(i); i == first {
		return p.fail(i, "a number has no digits after the minus sign")
	}
	if p.src[first] == '0' && i > first+1 {
		return p.fail(start, "a number begins with a needless 0")
	}
	float := false
	if i < len(p.src) && p.src[i] == '.' {
		float = true
		point := i
		if i = p.digits(i + 1); i == point+1 {
			return p.fail(i, "a number has no digits after the point")
		}
	}
	if i < len(p.src) && p.src[i]|0x20 == 'e' {
		float = true
		if i++; i < len(p.src) && (p.src[i] == '+' || p.src[i] == '-') {
			i++
		}
		exponent := i
		if i = p.digits(i); i == exponent {
			return p.fail(i, "a number has no digits in its exponent")
		}
	}
	if p.pos = i; p.inWord(i) {
		return p.unexpected("the end of the number")
	}
	switch text := p.src[start:i]; {
	case float:
		f, _ := strconv.ParseFloat(string(text), 64) // the only error left is ErrRange: f is infinite
		p.dst = AppendFloat(p.dst, f)
	case string(text) == "-0":
		p.dst = append(p.dst, '0')
	default:
		p.dst = append(p.dst, text...)
	}
	return nil
}

func (p *parser) array(depth int) error {
	p.pos++
	p.dst = append(p.dst, '[')
	if p.peek() == ']' {
		p.pos++
		p.dst = append(p.dst, ']')
		return nil
	}
	for {
		if err := p.value(depth); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			p.pos++
			p.dst = append(p.dst, ',')
		case ']':
			p.pos++
			p.dst = append(p.dst, ']')
			return nil
		default:
			return p.unexpected(`"," or "]"`)
		}
	}
}

func (p *parser) object(depth int) error {
	p.pos++
	p.dst = append(p.dst, '{')
	if p.peek() == '}' {
		p.pos++
		p.dst = append(p.dst, '}')
		return nil
	}
	base, sorted := len(p.members), true
	for {
		m, err := p.member(depth)
		if err != nil {
			return err
		}
		if last := len(p.members) - 1; last >= base && sorted {
			order := p.compare(p.members[last], m)
			if order == 0 {
				return p.repeated(m)
			}
			sorted = order < 0
		}
		p.members = append(p.members, m)
		switch p.peek() {
		case ',':
			p.pos++
			p.dst = append(p.dst, ',')
			continue
		case '}':
			p.pos++
		default:
			return p.unexpected(`"," or "}"`)
		}
		if !sorted {
			if err := p.sort(p.members[base:]); err != nil {
				return err
			}
		}
		p.members = p.members[:base]
		p.dst = append(p.dst, '}')
		return nil
	}
}

// member reads the name, the colon and the value of a member.
func (p *parser) member(depth int) (m member, err error) {
	p.space()
	m.src, m.start = p.pos, len(p.dst)
	if m.name, err = p.name(); err != nil {
		return m, err
	}
	p.dst = append(p.dst, ':')
	err = p.value(depth)
	m.end = len(p.dst)
	return m, err
}

// name reads the name of a member and the colon, and returns where the name ends in
// dst.
func (p *parser) name() (end int, err error) {
	if p.peek() != '"' {
		return 0, p.unexpected("the name of a member, in double quotes")
	}
	if err := p.string(); err != nil {
		return 0, err
	}
	if p.peek() != ':' {
		return 0, p.unexpected(`":" after the name of a member`)
	}
	p.pos++
	return len(p.dst), nil
}

func (p *parser) repeated(m member) error {
	name, _ := Value(p.dst[m.start:m.name]).Text()
	return p.fail(m.src, "the name %q stands twice in an object", excerpt(name, 0))
}

// compare orders members by the characters of their names.
func (p *parser) compare(a, b member) int {
	x, y := p.dst[a.start+1:a.name-1], p.dst[b.start+1:b.name-1]
	if bytes.IndexByte(x, '\\') < 0 && bytes.IndexByte(y, '\\') < 0 {
		return bytes.Compare(x, y)
	}
	return bytes.Compare(appendUnescaped(nil, x), appendUnescaped(nil, y))
}

// sort puts the members at the end of dst, which are those of the object that is
// about to be closed, in order. It writes them again behind themselves, and then
// moves them to their place.
func (p *parser) sort(members []member) error {
	start, end := members[0].start, len(p.dst)
	slices.SortStableFunc(members, p.compare)
	for i, m := range members {
		if i > 0 {
			if p.compare(members[i-1], m) == 0 {
				return p.repeated(m)
			}
			p.dst = append(p.dst, ',')
		}
		p.dst = append(p.dst, p.dst[m.start:m.end]...)
	}
	copy(p.dst[start:], p.dst[end:])
	p.dst = p.dst[:end]
	return nil
}
