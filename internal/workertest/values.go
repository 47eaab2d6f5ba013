package workertest

import (
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

// echoed is the member of a context that is looked for in values: a task that returns
// its context, or a part of it, shows what becomes of numbers.
const echoed = "ers_numbers"

// taken makes a check that the worker takes a context and goes on afterwards.
func taken(value func() canon.Value) func(*suite) error {
	return func(s *suite) error { return s.takes(value()) }
}

func (s *suite) takes(value canon.Value) error {
	_, err := s.play(
		worker.Tick{Tick: 0, Context: value, Tasks: s.tasks},
		worker.Tick{Tick: 1, Context: s.context(1), Results: []events.TaskResult{told(other, value)}, Tasks: s.tasks},
		s.tick(2, s.tasks))
	return err
}

func object(name string, value canon.Value) canon.Value {
	return canon.Value(`{"` + name + `":` + string(value) + `}`)
}

func emptyContext() canon.Value { return "{}" }

// unicodeContext holds what is likely to be damaged: characters beyond 16 bits, those
// that some take for the end of a line, those that JSON must escape, and others that
// look alike.
func unicodeContext() canon.Value {
	v, err := canon.Of(map[string]any{
		"é": "e\u0301", "😀": "👩‍🔬", "\u2028": "\u2029\u0085", "\x00": "\x00\x1f\x7f", "\ufeff": "\ufffd\uffff\U0010ffff",
		"\"": "\\/\b\f\n\r\t", "": "<>&", "\uffff": "שלום", "ﬀ": "İ",
	})
	if err != nil {
		panic(err) // a constant
	}
	return v
}

// depth is how deep every worker must be able to read; a message adds three levels.
const depth = 128

func deepContext() canon.Value {
	return object("deep", canon.Value(strings.Repeat(`[`, depth)+strings.Repeat(`]`, depth)))
}

func largeContext() canon.Value {
	list := make([]any, 20_000)
	for i := range list {
		list[i] = map[string]any{"i": i, "text": "some text é", "x": float64(i) / 7}
	}
	v, err := canon.Of(map[string]any{"list": list})
	if err != nil {
		panic(err) // a constant
	}
	return v
}

// numbersContext holds numbers that every worker must take.
func numbersContext() canon.Value {
	return object("numbers", "[0,-1,1.0,-0.0,0.1,1e-05,1e+16,5e-324,1.7976931348623157e+308,9007199254740991,-9007199254740991,0.30000000000000004]")
}

func nanContext(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	if !s.hello.NaN {
		return unseen(`it does not list "nan" among its numbers, and is never sent any`)
	}
	return s.takes(object("numbers", "[NaN,Infinity,-Infinity]"))
}

func bigContext(s *suite) error {
	if s.hello == nil {
		return unseen(noHello)
	}
	if !s.hello.BigInt {
		return unseen(`it does not list "bigint" among its numbers, and is never sent any`)
	}
	return s.takes(object("numbers", canon.Value("[9007199254740993,-9223372036854775809,"+strings.Repeat("9", 100)+"]")))
}

// largeResult tells results as large as values may be.
func largeResult(s *suite) error {
	value := canon.Value(`"` + strings.Repeat("x", worker.DefaultLimits.Value-2) + `"`)
	_, err := s.play(s.tick(0, s.tasks, told(other, value)), s.tick(1, s.tasks, told(other, value), told("ers:more", value)))
	return err
}

// longMessage writes a message as long as the limit allows.
func longMessage(s *suite) error {
	tick := s.tick(0, s.tasks)
	tick.Context = `{"x":""}`
	short, err := worker.AppendTick(nil, &tick)
	if err != nil {
		return err
	}
	room := worker.DefaultLimits.Message - (len(short) - 1)
	tick.Context = canon.Value(`{"x":"` + strings.Repeat("x", room) + `"}`)
	_, err = s.play(tick, s.tick(1, s.tasks))
	return err
}

// numbersKept looks for numbers of the context in what tasks return.
func numbersKept(s *suite) error {
	const sent canon.Value = "[1,1.0,-0.0,0.1,1e+16]"
	results, err := s.play(worker.Tick{Tick: 0, Context: s.with(echoed, sent), Tasks: s.tasks})
	if err != nil {
		return err
	}
	for _, r := range results {
		if came, found := lookFor(r.Value, echoed); found {
			if came != sent {
				return fmt.Errorf("task %q returns the numbers %s of its context as %s", r.Task, sent, came)
			}
			return nil
		}
	}
	return unseenf("no task returns its context: its member %s is in no value", echoed)
}

// with is the first context with one more member.
func (s *suite) with(name string, value canon.Value) canon.Value {
	members := map[string]canon.Value{name: value}
	for name, member := range s.context(0).Members() {
		members[name] = member
	}
	v, err := canon.Of(members)
	if err != nil {
		panic(err) // all of them are canonical
	}
	return v
}

// lookFor returns the first member of a name, wherever it is in a value.
func lookFor(v canon.Value, name string) (canon.Value, bool) {
	for member, value := range v.Members() {
		if member == name {
			return value, true
		}
		if found, ok := lookFor(value, name); ok {
			return found, true
		}
	}
	for element := range v.Elements() {
		if found, ok := lookFor(element, name); ok {
			return found, true
		}
	}
	return "", false
}

// valuesJSON looks whether values are JSON that any other worker takes.
func valuesJSON(s *suite) error {
	results, err := s.play(s.tick(0, s.tasks))
	if err != nil {
		return err
	}
	for _, r := range results {
		if pointer, found := worker.Foreign(r.Value, s.hello.NaN, s.hello.BigInt); found {
			return fmt.Errorf("task %q returns at %q a number that the worker itself does not take: list it in the hello, or return a string", r.Task, pointer)
		}
	}
	return nil
}
