package starlark

import (
	"errors"
	"fmt"
	"maps"
	"math"

	starlarkmath "go.starlark.net/lib/math"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"abraxas.dev/ers/internal/portable"
)

// mathModule is math in Starlark. The functions of Starlark's own that are not exact have
// other last bits on another processor: here they have the same everywhere.
var mathModule = func() *starlarkstruct.Module {
	m := &starlarkstruct.Module{Name: "math", Members: maps.Clone(starlarkmath.Module.Members)}
	for name, f := range map[string]func(x float64) float64{
		"exp": portable.Exp, "gamma": portable.Gamma,
		"sin": portable.Sin, "cos": portable.Cos, "tan": portable.Tan,
		"asin": portable.Asin, "acos": portable.Acos, "atan": portable.Atan,
		"sinh": portable.Sinh, "cosh": portable.Cosh, "tanh": portable.Tanh,
		"asinh": portable.Asinh, "acosh": portable.Acosh, "atanh": portable.Atanh,
	} {
		m.Members[name] = mathFunction(name, 1, func(x []number) float64 { return f(float64(x[0])) })
	}
	for name, f := range map[string]func(x, y float64) float64{
		"pow": portable.Pow, "atan2": portable.Atan2, "hypot": portable.Hypot,
	} {
		m.Members[name] = mathFunction(name, 2, func(x []number) float64 { return f(float64(x[0]), float64(x[1])) })
	}
	m.Members["log"] = starlark.NewBuiltin("log", mathLog)
	return m
}()

// number is what a function of math takes: an int or a float.
type number float64

func (n *number) Unpack(v starlark.Value) error {
	x, ok := starlark.AsFloat(v)
	if !ok {
		return fmt.Errorf("got %s, want float or int", v.Type())
	}
	*n = number(x)
	return nil
}

func mathFunction(name string, arguments int, f func(x []number) float64) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		x := make([]number, arguments)
		vars := make([]any, arguments)
		for i := range x {
			vars[i] = &x[i]
		}
		if err := starlark.UnpackPositionalArgs(name, args, kwargs, arguments, vars...); err != nil {
			return nil, err
		}
		return starlark.Float(f(x)), nil
	})
}

// mathLog is math.log(x[, base]).
func mathLog(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x, base := number(0), number(math.E)
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x, &base); err != nil {
		return nil, err
	}
	if base == 1 {
		return nil, errors.New("division by zero")
	}
	return starlark.Float(portable.Log(float64(x)) / portable.Log(float64(base))), nil
}
