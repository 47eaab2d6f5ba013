package pipeline

import (
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
)

// contextsOf reads the contexts of the file, nil after a mistake.
func (l *loader) contextsOf(root *node) *program.Contexts {
	one, many := root.get("context"), root.get("contexts")
	before := len(l.found)
	var values []canon.Value
	switch {
	case one != nil && many != nil:
		l.wrong(many, "there are both context and contexts: keep one")
	case one != nil:
		values = append(values, l.context(one, "context"))
	case many == nil:
		values = append(values, "{}")
	case many.kind == canon.Object:
		return l.contextsFile(many)
	default:
		items := l.list(many, "contexts", "a list of objects, {file: …} or {text: …}")
		if len(items) == 0 {
			l.wrong(many, "contexts is empty: want at least one object")
		}
		for i, item := range items {
			values = append(values, l.context(item, "context "+strconv.Itoa(i+1)))
		}
	}
	if len(l.found) > before || len(values) == 0 {
		return nil
	}
	contexts, err := program.NewContexts(values...)
	if err != nil {
		l.fail(root.spot, "%v", err)
	}
	return contexts
}

func (l *loader) context(n *node, what string) canon.Value {
	if n.kind != canon.Object {
		l.mismatch(n, what, "an object")
		return "{}"
	}
	v, err := canon.Of(n.plain())
	if err != nil {
		l.wrong(n, "%s: %v", what, err)
	}
	return v
}

func (l *loader) contextsFile(n *node) *program.Contexts {
	before := len(l.found)
	l.fields(n, "contexts", "file", "text")
	if len(l.found) > before {
		return nil
	}
	if len(n.members) != 1 {
		l.wrong(n, "contexts must be a list, or name one file: {file: …} or {text: …}")
		return nil
	}
	from := n.members[0]
	path := l.path(from.value, from.key+" of contexts")
	if from.value.bad {
		return nil
	}
	read := func(path string, limit int) (string, error) {
		text, err := l.read(path, limit)
		l.take(path, int64(len(text)))
		return text, err
	}
	make := lineContexts
	if from.key == "text" {
		make = textContexts
	}
	c, err := make(read, path)
	l.inFile(from.value, err)
	return c
}
