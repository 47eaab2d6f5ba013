// Package flags makes command lines say in plain words what is wrong with them.
package flags

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// Numbers make the flags that take a number or a time say in plain words what they want.
func Numbers() []kong.Option {
	list := []kong.Option{kong.TypeMapper(reflect.TypeFor[time.Duration](), parsed(func(text string, to reflect.Value) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a time: want a number with a unit, as in 500ms, 90s or 5m", text)
		}
		if d <= 0 {
			return fmt.Errorf("%s is not a time to wait: want more than 0, as in 500ms, 90s or 5m", text)
		}
		to.SetInt(int64(d))
		return nil
	}))}
	for _, kind := range []reflect.Kind{reflect.Int, reflect.Int64} {
		list = append(list, kong.KindMapper(kind, parsed(func(text string, to reflect.Value) error {
			n, err := strconv.ParseInt(text, 10, 64)
			to.SetInt(n)
			return explainNumber(text, "a whole number: want one as in 12", err)
		})))
	}
	for _, kind := range []reflect.Kind{reflect.Uint, reflect.Uint64} {
		list = append(list, kong.KindMapper(kind, parsed(func(text string, to reflect.Value) error {
			n, err := strconv.ParseUint(text, 10, 64)
			to.SetUint(n)
			return explainNumber(text, "a whole number of at least 0: want one as in 12", err)
		})))
	}
	return append(list, kong.KindMapper(reflect.Float64, parsed(func(text string, to reflect.Value) error {
		n, err := strconv.ParseFloat(text, 64)
		to.SetFloat(n)
		return explainNumber(text, "a number: want one as in 0.05", err)
	})))
}

var negative = regexp.MustCompile(`^-\.?[0-9]`)

// parsed reads the text that stands behind a flag. A minus before a digit does not begin
// another flag.
func parsed(read func(text string, to reflect.Value) error) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		if t := ctx.Scan.Peek(); negative.MatchString(fmt.Sprint(t.Value)) {
			return read(fmt.Sprint(ctx.Scan.Pop().Value), target)
		}
		t, err := ctx.Scan.PopValue("number")
		if err != nil {
			return err
		}
		return read(fmt.Sprint(t.Value), target)
	}
}

func explainNumber(text, want string, err error) error {
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%s is too large", text)
	case err != nil:
		return fmt.Errorf("%q is not %s", text, want)
	}
	return nil
}
