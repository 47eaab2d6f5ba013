package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// ruleDocument is a rule as a definition has it.
type ruleDocument struct {
	Do      string `json:"do"`
	Where   string `json:"where"`
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
	Digits  int    `json:"digits"`
}

// rule is one that can be applied, as ers-rules/1 has it.
type rule struct {
	ruleDocument
	path  []string       // of kind json
	lines *regexp.Regexp // of kind line
}

func readRule(d ruleDocument) (r rule, err error) {
	r.ruleDocument = d
	switch {
	case d.Do == "ignore" && d.Kind == "line":
		r.lines, err = regexp.Compile(d.Pattern)
	case d.Do == "ignore" && d.Kind == "file":
	case d.Kind == "json" && (d.Do == "ignore" && d.Pattern != "" || d.Do == "round" && d.Digits > 0):
		if d.Pattern != "" {
			r.path = strings.Split(d.Pattern, "/")[1:]
		}
		for i := range r.path {
			r.path[i] = unescape.Replace(r.path[i])
		}
	default:
		err = fmt.Errorf("a rule that is none of ers-rules/1: %s %s %.80q", d.Do, d.Kind, d.Pattern)
	}
	return r, err
}

// rulesOf are the rules of a content: those of lines, and those of JSON.
func rulesOf(all []rule, name string) (ofLines, ofJSON []rule) {
	for _, r := range all {
		glob, isGlob := strings.CutPrefix(r.Where, "file:")
		file, isFile := strings.CutPrefix(name, "file:")
		switch {
		case r.Where != name && !(isGlob && isFile && matchesGlob(strings.Split(glob, "/"), strings.Split(file, "/"))):
		case r.Kind == "line":
			ofLines = append(ofLines, r)
		case r.Kind == "json":
			ofJSON = append(ofJSON, r)
		}
	}
	return ofLines, ofJSON
}

func matchesGlob(glob, name []string) bool {
	switch {
	case len(glob) == 0:
		return len(name) == 0
	case glob[0] == "**":
		return matchesGlob(glob[1:], name) || len(name) > 0 && matchesGlob(glob, name[1:])
	case len(name) == 0:
		return false
	}
	same, err := path.Match(glob[0], name[0])
	return same && err == nil && matchesGlob(glob[1:], name[1:])
}

// applied is a tree to which rules of JSON are applied, in their order.
func applied(rules []rule, tree any) any {
	for _, r := range rules {
		tree = r.apply(tree, r.path)
	}
	return tree
}

func (r *rule) apply(tree any, at []string) any {
	if n, ok := tree.(json.Number); ok && len(at) == 0 && r.Do == "round" {
		return rounded(n, r.Digits)
	}
	rest := at
	if len(at) > 0 {
		rest = at[1:]
	}
	isHere := func(name string) bool { return len(at) == 0 || at[0] == "*" || at[0] == name }
	gone := func(name string) bool { return len(at) == 1 && r.Do == "ignore" && isHere(name) }
	switch v := tree.(type) {
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			switch name := strconv.Itoa(i); {
			case gone(name): // stays nil
			case isHere(name):
				list[i] = r.apply(element, rest)
			default:
				list[i] = element
			}
		}
		return list
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, value := range v {
			switch {
			case gone(name):
			case isHere(name):
				members[name] = r.apply(value, rest)
			default:
				members[name] = value
			}
		}
		return members
	}
	return tree
}

// rounded rounds a float to so many significant digits of its shortest decimal, half to
// even. Integers stay, as does what would become infinite.
func rounded(n json.Number, digits int) json.Number {
	if kindOf(n) != "float" || strings.ContainsAny(string(n), "NI") {
		return n
	}
	mantissa, exponent, _ := strings.Cut(string(n), "e")
	power, _ := strconv.Atoi(exponent)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	power -= len(fraction)
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	all := strings.TrimLeft(whole+fraction, "0")
	if len(all) <= digits {
		return n
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(all)-digits)), nil)
	value, _ := new(big.Int).SetString(all, 10)
	kept, rest := new(big.Int).QuoRem(value, unit, new(big.Int))
	if half := rest.Lsh(rest, 1).Cmp(unit); half > 0 || half == 0 && kept.Bit(0) == 1 {
		kept.Add(kept, big.NewInt(1))
	}
	f, err := strconv.ParseFloat(fmt.Sprintf("%s%se%d", sign, kept, power+len(all)-digits), 64)
	if err != nil {
		return n
	}
	return json.Number(appendFloat(nil, f))
}

// longestLine is how far into a line a rule looks, in bytes.
const longestLine = 1 << 20

// withoutLines is what rules of lines leave of r.
func withoutLines(rules []rule, r io.Reader) io.Reader {
	if len(rules) == 0 {
		return r
	}
	out, in := io.Pipe()
	go func() { in.CloseWithError(dropLines(rules, bufio.NewReaderSize(r, longestLine), in)) }()
	return out
}

func dropLines(rules []rule, r *bufio.Reader, w io.Writer) error {
	for begins, drop := true, false; ; {
		part, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
			return err
		}
		if begins {
			drop = false
			line := bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))
			for i := range rules {
				drop = drop || len(part) > 0 && rules[i].lines.Match(line)
			}
		}
		if begins = err == nil; !drop {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}
