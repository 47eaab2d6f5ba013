package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseText reads one JSON text as programs write it: with NaN, Infinity and -Infinity,
// and numbers in any form. The tree has them in canonical form.
func parseText(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("it is not UTF-8")
	}
	p := &textParser{text}
	tree, err := p.value(0)
	if p.peek(); err == nil && p.rest != "" {
		err = fmt.Errorf("%.20q follows the end of the JSON value", p.rest)
	}
	return tree, err
}

type textParser struct{ rest string }

// peek returns the next byte behind white space, 0 at the end.
func (p *textParser) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// take steps over c if it comes next.
func (p *textParser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *textParser) value(depth int) (any, error) {
	if c := p.peek(); depth >= maxDepth && (c == '[' || c == '{') {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch {
	case p.take('['):
		return p.array(depth)
	case p.take('{'):
		return p.object(depth)
	case p.peek() == '"':
		return p.string()
	}
	end := strings.IndexAny(p.rest, " \t\r\n,]}")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	switch word {
	case "null":
		return nil, nil
	case "true", "false":
		return word == "true", nil
	case "NaN", "Infinity", "-Infinity":
		return json.Number(word), nil
	case "-0":
		return json.Number("0"), nil
	}
	if !json.Valid([]byte(word)) || strings.ContainsAny(word, "\"[{") {
		return nil, fmt.Errorf("%.20q is not a JSON value", word)
	}
	if !strings.ContainsAny(word, ".eE") {
		return json.Number(word), nil
	}
	f, _ := strconv.ParseFloat(word, 64) // what is too large is infinite
	return json.Number(appendFloat(nil, f)), nil
}

func (p *textParser) array(depth int) (any, error) {
	list := []any{}
	for !p.take(']') {
		if len(list) > 0 && !p.take(',') {
			return nil, fmt.Errorf("%.20q where , or ] belongs", p.rest)
		}
		element, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

func (p *textParser) object(depth int) (any, error) {
	members := map[string]any{}
	for !p.take('}') {
		if len(members) > 0 && !p.take(',') || p.peek() != '"' {
			return nil, fmt.Errorf("%.20q where a name belongs", p.rest)
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if _, again := members[name]; again || !p.take(':') {
			return nil, fmt.Errorf("the name %.40q stands twice in an object, or without a value", name)
		}
		if members[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return members, nil
}

func (p *textParser) string() (s string, err error) {
	end := 1
	for end < len(p.rest) && p.rest[end] != '"' {
		if p.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.rest) {
		return "", errors.New("a string has no end")
	}
	token := p.rest[:end+1]
	p.rest = p.rest[end+1:]
	if err := json.Unmarshal([]byte(token), &s); err != nil {
		return "", err
	}
	// Half of a surrogate pair is not a character; the decoder puts U+FFFD in its place.
	if strings.Count(s, "\ufffd") != strings.Count(token, "\ufffd")+strings.Count(strings.ToLower(strings.ReplaceAll(token, `\\`, "")), `\ufffd`) {
		return "", errors.New("a string has half of a surrogate pair")
	}
	return s, nil
}
