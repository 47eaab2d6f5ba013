package pipeline

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"abraxas.dev/ers/pkg/canon"
)

const (
	maxNesting  = 100     // of a pipeline file; what the parser takes grows with its square
	maxExpanded = 8 << 20 // bytes of a pipeline file with its aliases expanded
)

// node is a value of a YAML file that remembers where it stands. An alias is the
// node of its anchor, shared and not copied.
type node struct {
	kind    canon.Kind
	scalar  canon.Value // of null, boolean, integer, float
	text    string      // of a string
	items   []*node     // of an array
	members []member    // of an object, in the order of the file
	block   bool        // a string written as a block with |
	spot                // where it begins
	size    int         // about the bytes that it takes with aliases expanded

	// What is known to be wrong is not found fault with again.
	bad     bool            // the value itself
	missing map[string]bool // members of an object that are not there
}

type member struct {
	key   string
	at    spot // of the key
	value *node
}

// get returns the value of a member, nil when there is none.
func (n *node) get(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// miss notes that a member is known to be missing.
func (n *node) miss(key string) {
	if n.missing == nil {
		n.missing = make(map[string]bool)
	}
	n.missing[key] = true
}

// plain returns the value for canon.Of.
func (n *node) plain() any {
	switch n.kind {
	case canon.String:
		return n.text
	case canon.Array:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.plain()
		}
		return list
	case canon.Object:
		object := make(map[string]any, len(n.members))
		for _, m := range n.members {
			object[m.key] = m.value.plain()
		}
		return object
	}
	return n.scalar
}

// parseYAML reads a text that holds one YAML document. What has a mistake is a node that
// is bad; root is nil when there is no document to speak of.
func parseYAML(to *log, text string) (root *node) {
	c := converter{log: to, anchors: make(map[string]*node)}
	tokens := lexer.Tokenize(text)
	if tk := tooDeep(tokens); tk != nil {
		c.fail(tk, "nested deeper than %d levels: is a bracket missing?", maxNesting)
		return nil
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if e, ok := err.(yaml.Error); ok {
		c.fail(e.GetToken(), "not YAML: %s: check indentation, quotes and brackets here", e.GetMessage())
		return nil
	}
	if err != nil {
		c.fail(nil, "not YAML: %v", err)
		return nil
	}
	var body ast.Node
	for _, doc := range parsed.Docs {
		switch {
		case doc.Body == nil:
		case doc.Body.Type() == ast.DirectiveType:
			c.fail(doc.Body.GetToken(), "directives are not supported: remove the line")
		case body != nil:
			c.fail(firstToken(doc.Body), "a second document begins here: keep one in the file")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		c.fail(nil, "the file is empty: want a pipeline with name, budget and tasks")
		return nil
	}
	return c.node(body)
}

// tooDeep returns the token that opens one level too many, nil for none. Levels are
// open brackets and the dashes and question marks of one line; what goes deeper
// line by line is bounded by the size of the file, as each line is indented more.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, inLine, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			inLine, line = 0, tk.Position.Line
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			inLine++
		}
		if brackets > maxNesting || inLine > maxNesting {
			return tk
		}
	}
	return nil
}

// converter turns the parser's tree into nodes.
type converter struct {
	*log
	anchors map[string]*node // those that are complete
}

// fail notes a mistake and returns what stands in the place of the value.
func (c *converter) fail(tk *token.Token, format string, args ...any) *node {
	bad := &node{kind: canon.KindNull, scalar: canon.Null, bad: true, size: 1}
	if tk != nil && tk.Position != nil {
		bad.spot = spot{tk.Position.Line, max(tk.Position.Column, 1)}
	}
	c.log.fail(bad.spot, format, args...)
	return bad
}

func (c *converter) node(n ast.Node) *node {
	made := c.convert(n)
	if made.size > maxExpanded {
		return c.fail(n.GetToken(), "with its aliases expanded this takes more than %d bytes: make it smaller", maxExpanded)
	}
	return made
}

func (c *converter) convert(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n)
	case *ast.SequenceNode:
		made := newNode(canon.Array, n.Start)
		for _, value := range n.Values {
			item := c.node(value)
			made.items = append(made.items, item)
			made.size += item.size
		}
		return made
	case *ast.AnchorNode:
		made := c.node(n.Value)
		c.anchors[n.Name.GetToken().Value] = made
		return made
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if made := c.anchors[name]; made != nil {
			return made
		}
		return c.fail(n.Start, "no anchor &%s is complete before the alias *%s", name, name)
	case *ast.LiteralNode:
		made := newNode(canon.String, n.Start)
		made.text, made.block = n.Value.Value, n.Start.Type == token.LiteralType
		made.size += len(made.text)
		return made
	case *ast.TagNode:
		return c.fail(n.Start, "the tag %s is not supported: remove it; a text in quotes is a string", n.Start.Value)
	case ast.ScalarNode:
		return c.scalar(n.GetToken())
	}
	return c.fail(n.GetToken(), "%s is not supported here: remove it", strings.ToLower(n.Type().String()))
}

func newNode(kind canon.Kind, tk *token.Token) *node {
	return &node{kind: kind, spot: spot{tk.Position.Line, max(tk.Position.Column, 1)}, size: 1}
}

// firstToken returns the token that n begins with.
func firstToken(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken() // the node's own is the first colon
	}
	return n.GetToken()
}

func (c *converter) mapping(n *ast.MappingNode) *node {
	made := newNode(canon.Object, firstToken(n))
	lines := make(map[string]int, len(n.Values))
	for _, pair := range n.Values {
		key, value := c.key(pair.Key), c.node(pair.Value)
		if key.bad {
			continue
		}
		if line, taken := lines[key.text]; taken {
			c.fail(pair.Key.GetToken(), "the key %q stands twice, first on line %d: remove one", key.text, line)
			continue
		}
		lines[key.text] = key.line
		made.members = append(made.members, member{key.text, key.spot, value})
		made.size += key.size + value.size
	}
	return made
}

func (c *converter) key(n ast.MapKeyNode) *node {
	if n.IsMergeKey() {
		return c.fail(n.GetToken(), "merge keys (<<) are not supported: write the members out")
	}
	key := c.node(n)
	if !key.bad && key.kind != canon.String {
		return c.fail(n.GetToken(), "a key of type %s: keys are strings, put it in quotes", key.kind)
	}
	return key
}

// The core schema of YAML 1.2, and the numbers of other versions that it takes for
// strings or for other numbers.
var (
	yamlInt   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	yamlBased = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	yamlOther = regexp.MustCompile(`^[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)$`)
)

// scalar resolves a scalar that is not a block by what is written, in quotes or
// plain.
func (c *converter) scalar(tk *token.Token) *node {
	made := newNode(canon.String, tk)
	made.size += len(tk.Value)
	if tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType {
		made.text = tk.Value
		return made
	}
	switch text := tk.Value; {
	case tk.Type == token.ImplicitNullType, text == "", text == "~", text == "null", text == "Null", text == "NULL":
		made.scalar = canon.Null
	case text == "true", text == "True", text == "TRUE":
		made.scalar = "true"
	case text == "false", text == "False", text == "FALSE":
		made.scalar = "false"
	case yamlInt.MatchString(text), yamlBased.MatchString(text):
		base := 10
		if yamlBased.MatchString(text) {
			base = 0
		}
		n, _ := new(big.Int).SetString(text, base)
		made.scalar = canon.Value(n.String())
	case yamlFloat.MatchString(text):
		f, _ := strconv.ParseFloat(text, 64) // out of range is infinite, as in JSON
		made.scalar = canon.Value(canon.AppendFloat(nil, f))
	case text == ".nan", text == ".NaN", text == ".NAN":
		made.scalar = "NaN"
	case text == ".inf", text == ".Inf", text == ".INF", text == "+.inf", text == "+.Inf", text == "+.INF":
		made.scalar = "Infinity"
	case text == "-.inf", text == "-.Inf", text == "-.INF":
		made.scalar = "-Infinity"
	case yamlOther.MatchString(text):
		return c.fail(tk, "readers of YAML disagree about the number %.40s: write it in plain decimal, or as a string in quotes", text)
	default:
		made.text = text
		return made
	}
	made.kind = made.scalar.Kind()
	return made
}
