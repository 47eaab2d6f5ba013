package starlark

import (
	"fmt"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
)

// BenchmarkTick runs a tick of five small tasks that look at a context of a few
// words and at each other's results.
func BenchmarkTick(b *testing.B) {
	var tasks []program.Task
	for i := range 5 {
		tasks = append(tasks, program.Task{Name: fmt.Sprint("t", i), Starlark: does(
			`return {"words": len(ctx.context["text"].split()), "others": [r.value["words"] for r in ctx.results.values()]}`)})
	}
	run := newRun(b, tasks...)
	context := canon.Value(`{"text":"` + strings.Repeat("some words ", 30) + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		if r := run(0, context)[4]; r.Error != "" {
			b.Fatal(r.Error)
		}
	}
}

// BenchmarkLargeContext is the price of a new context that a task looks at.
func BenchmarkLargeContext(b *testing.B) {
	run := newRun(b, program.Task{Name: "t", Starlark: does(`return len(ctx.context["items"])`)})
	context := canon.Value(`{"items":[` + strings.Repeat(`{"a":1,"b":[1.5,"x"]},`, 999) + `{}]}`)
	other := canon.Value(strings.Replace(string(context), "x", "y", 1))
	b.SetBytes(int64(len(context)))
	b.ReportAllocs()
	for b.Loop() {
		context, other = other, context // what a run has converted last is kept
		if r := run(0, context)[0]; r.Value != "1000" {
			b.Fatal(r.Value, r.Error)
		}
	}
}
