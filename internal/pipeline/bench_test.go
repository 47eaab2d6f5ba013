package pipeline

import (
	"fmt"
	"testing"
)

// BenchmarkLoad is the price of a pipeline file with twenty tasks, Starlark included.
func BenchmarkLoad(b *testing.B) {
	text := good + "tasks:\n"
	for i := range 20 {
		text += fmt.Sprintf("- name: t%d\n  lane: forecast\n  starlark: |\n    def run(ctx):\n        return {\"i\": %d}\n", i, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load("p.yaml", text, noFiles, nil); err != nil {
			b.Fatal(err)
		}
	}
}
