package service_test

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
)

// The first frame of each run of Starlark says on which machine and by which build it was
// made, and no later one does.
func TestMachineIsRecorded(t *testing.T) {
	b := bustest.Open(t)
	pool := evaluator.New(evaluator.Config{})
	defer pool.Close()
	c := service.Config{Bus: b, Log: zerolog.Nop(), Evaluators: pool, Processes: exec.Config{Build: "some build"}}
	bustest.Serve(t, func(ctx context.Context) error { return service.Run(ctx, c) })
	r := windowOf("p", 2)
	starlark(t, b, r)
	if v := judge(t, b, r); v.Outcome != events.Pass {
		t.Fatalf("%+v", v)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]canon.Value{"build": text(t, "some build"), "host": text(t, host), "machine": text(t, runtime.GOARCH), "system": text(t, runtime.GOOS)}
	frames := 0
	var d events.FrameDecoder
	last, err := b.LastSeq(t.Context(), events.StreamTrace)
	if err != nil {
		t.Fatal(err)
	}
	for m, err := range b.Read(t.Context(), events.StreamTrace, "ers.trace.>", 1, last) {
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(m.Data); err != nil {
			t.Fatal(err)
		}
		frames++
		if d.Tick > 0 {
			if d.Surroundings != "" {
				t.Errorf("run %d says it again at tick %d", d.Run, d.Tick)
			}
			continue
		}
		found := make(map[string]canon.Value)
		for name, v := range d.Surroundings.Members() {
			found[name] = v
		}
		for name, value := range want {
			if found[name] != value {
				t.Errorf("run %d: %s is %s, want %s", d.Run, name, found[name], value)
			}
		}
	}
	if frames != 24 {
		t.Errorf("%d frames, want 24", frames)
	}
}

func text(t testing.TB, s string) canon.Value {
	v, err := canon.Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
