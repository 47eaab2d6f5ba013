package against

import (
	"context"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// told are the surroundings of a run that are compared: where and by what it was made.
// What is varied from run to run on purpose is not among them.
var told = []string{"build", "cpus", "host", "kernel", "machine", "system"}

// around lists what two runs say that they had around them, where any of them says it.
func around(ctx context.Context, b *bus.Bus, x, y events.RunKey, firstX, firstY int64) ([]Fact, error) {
	was, err := surroundings(ctx, b, x, firstX)
	if err != nil {
		return nil, err
	}
	is, err := surroundings(ctx, b, y, firstY)
	if err != nil {
		return nil, err
	}
	var list []Fact
	for _, name := range told {
		list = addFacts(list, name, member(was, name), member(is, name))
	}
	return list, nil
}

// addFacts adds a surrounding, and what is in it where it is an object.
func addFacts(list []Fact, name string, x, y canon.Value) []Fact {
	if x.Kind() != canon.Object && y.Kind() != canon.Object {
		if x != "" || y != "" {
			list = append(list, Fact{name, text(x), text(y)})
		}
		return list
	}
	seen := make(map[string]bool)
	for _, side := range []canon.Value{x, y} {
		if side.Kind() != canon.Object {
			continue
		}
		for key := range side.Members() {
			if !seen[key] {
				seen[key] = true
				list = addFacts(list, name+" "+key, member(x, key), member(y, key))
			}
		}
	}
	return list
}

func text(v canon.Value) string {
	if v == "" {
		return "not recorded"
	}
	if s, ok := v.Text(); ok {
		return s
	}
	return string(v)
}

// member is the value of a key of an object, "" where there is none.
func member(object canon.Value, key string) canon.Value {
	if object != "" && object.Kind() == canon.Object {
		for name, v := range object.Members() {
			if name == key {
				return v
			}
		}
	}
	return ""
}

// surroundings are what the first frame of a run says; "" where it says nothing or cannot
// be read.
func surroundings(ctx context.Context, b *bus.Bus, key events.RunKey, first int64) (found canon.Value, err error) {
	_, err = record.EachFrame(ctx, b, key, first, first+1, func(f record.Frame) {
		if found == "" {
			found = f.Surroundings
		}
	})
	return found, err
}
