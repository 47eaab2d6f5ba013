package canon

import "bytes"

// Reader reads a JSON text piece by piece, where the text is a message of which only
// some parts are values: objects and arrays can be gone through without a Value for
// the whole. It accepts what [Parse] accepts, where each piece that [Reader.Value]
// reads may be nested [MaxDepth] levels deep by itself. It does not look for names that
// stand twice in the objects that it goes through: who reads them knows the names.
//
//	r.Reset(text)
//	err := r.Object(func(name []byte) error {
//		switch string(name) {
//		case "value":
//			value, err = r.Value()
//	…
//	if err == nil { err = r.End() }
//
// Every error of its own is a *[SyntaxError]. The zero Reader reads the empty text.
type Reader struct {
	p     parser
	start int // of the piece that was read last
}

// Reset makes r read a text, which must not change while it is read.
func (r *Reader) Reset(text []byte) {
	p := parser{src: text}
	if r.p.usual() {
		p.dst, p.members = r.p.dst[:0], r.p.members[:0]
	}
	*r = Reader{p: p}
}

// Object reads an object. It calls member behind each name; member must read one piece,
// the value. The name is valid until it does. An error of member is returned as it is.
func (r *Reader) Object(member func(name []byte) error) error {
	return r.list('{', '}', "an object", func(int) error {
		r.p.dst = r.p.dst[:0]
		end, err := r.p.name()
		if err != nil {
			return err
		}
		name := r.p.dst[1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = appendUnescaped(nil, name)
		}
		return member(name)
	})
}

// Array reads an array. It calls element before each element, with its index; element
// must read one piece. An error of element is returned as it is.
func (r *Reader) Array(element func(i int) error) error {
	return r.list('[', ']', "an array", element)
}

func (r *Reader) list(first, last byte, kind string, item func(i int) error) error {
	p := &r.p
	if p.peek() != first {
		return p.unexpected(kind)
	}
	p.pos++
	if p.peek() == last {
		p.pos++
		return nil
	}
	for i := 0; ; i++ {
		p.space()
		r.start = p.pos
		if err := item(i); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			p.pos++
		case last:
			p.pos++
			return nil
		default:
			return p.unexpected(`"," or "` + string(rune(last)) + `"`)
		}
	}
}

// Value reads a value and returns its canonical bytes, which are valid until r reads on.
func (r *Reader) Value() ([]byte, error) {
	r.p.dst = r.p.dst[:0]
	r.p.space()
	r.start = r.p.pos
	err := r.p.value(0)
	return r.p.dst, err
}

// Offset returns where the piece that was read last begins, in bytes of the text.
func (r *Reader) Offset() int { return r.start }

// End tells whether nothing but white space is left.
func (r *Reader) End() error {
	if r.p.space(); r.p.pos < len(r.p.src) {
		return r.p.unexpected("the end of the text")
	}
	return nil
}
