package starlark

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"abraxas.dev/ers/pkg/canon"
)

// jsonModule is json in Starlark. Starlark's own would let a task take the whole
// process down: its decoder recurses as deep as the text is nested.
var jsonModule = &starlarkstruct.Module{
	Name: "json",
	Members: starlark.StringDict{
		"encode": starlark.NewBuiltin("json.encode", jsonEncode),
		"decode": starlark.NewBuiltin("json.decode", jsonDecode),
	},
}

// jsonEncode is json.encode(x): the canonical JSON of what a task may return.
func jsonEncode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x); err != nil {
		return nil, err
	}
	plain, err := fromStarlark(x)
	if err != nil {
		return nil, fmt.Errorf("%s: x %w", b.Name(), err)
	}
	text, err := canon.Of(plain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return starlark.String(text), nil
}

// jsonDecode is json.decode(text[, default]): what the JSON says or, when it is not
// JSON and there is a default, that.
func jsonDecode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	var otherwise starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "text", &text, "default?", &otherwise); err != nil {
		return nil, err
	}
	v, err := canon.Parse([]byte(text))
	switch {
	case err == nil:
		return toStarlark(v)
	case otherwise != nil:
		return otherwise, nil
	}
	return nil, fmt.Errorf("%s: %w", b.Name(), err)
}
