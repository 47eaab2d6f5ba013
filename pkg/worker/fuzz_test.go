package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/scheduler"
)

// seed adds what one side says in the recorded sessions.
func seed(f *testing.F, sign string) {
	_, sessions := readSessions(f)
	for _, s := range sessions {
		f.Add([]byte(strings.Join(s.of(sign), "\n") + "\n"))
	}
}

// FuzzReader reads what a worker may say: each answer that is taken is read again from what it is
// written as, and the end is an error of the protocol's or the end of the output.
func FuzzReader(f *testing.F) {
	seed(f, "<")
	f.Fuzz(func(t *testing.T, output []byte) {
		r := NewReader(bytes.NewReader(output), DefaultLimits)
		hello, err := r.Hello()
		var again []byte
		if err == nil {
			if again, err = AppendWorkerHello(nil, hello); err != nil {
				t.Fatalf("a hello that was read cannot be written: %v", err)
			}
		}
		for err == nil {
			var a Answer
			if a, err = r.Next(); err != nil {
				break
			}
			second := NewReader(bytes.NewReader(appendAnswer(t, again, a)), DefaultLimits)
			if _, err := second.Hello(); err != nil {
				t.Fatalf("the hello that was read is not read again: %v", err)
			}
			if _, err := second.Next(); err != nil {
				t.Fatalf("an answer that was read is not read again: %v", err)
			}
		}
		if wrong := (*MessageError)(nil); !errors.Is(err, io.EOF) && !errors.As(err, &wrong) {
			t.Fatalf("the end is %v", err)
		}
	})
}

func appendAnswer(t *testing.T, hello []byte, a Answer) []byte {
	line := append([]byte(nil), hello...)
	if a.Content != nil {
		return AppendContentRequest(line, a.Content)
	}
	line, err := AppendResult(line, a.Result)
	if err != nil {
		t.Fatalf("a result that was read cannot be written: %v", err)
	}
	return line
}

// FuzzServe gives a worker what ERS may say.
func FuzzServe(f *testing.F) {
	seed(f, ">")
	f.Fuzz(func(t *testing.T, input []byte) {
		task := scheduler.Task{Name: "count", Run: func(context.Context, *scheduler.Input) (any, error) { return 1, nil }}
		var out bytes.Buffer
		err := Serve(context.Background(), bytes.NewReader(input), &out, nil, task)
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a text")
		}
		for line := range bytes.Lines(out.Bytes()) {
			if _, err := canon.Parse(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				t.Fatalf("it answers %q: %v", line, err)
			}
		}
	})
}
