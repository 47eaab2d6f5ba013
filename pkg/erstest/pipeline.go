package erstest

import (
	"context"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/cli"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
)

// Pipeline runs a window of a pipeline file in the test, on a server and services of its
// own, as ers run does, and fails the test unless it passes: with the report, which says
// what differs or why it could not be told. file is seen from the folder of the test. At
// most one Options may be given.
func Pipeline(t testing.TB, file string, o ...Options) {
	t.Helper()
	f, err := cli.LoadFile(t.Context(), file, log(t))
	if err != nil {
		t.Fatal(err)
	}
	run(t, f, o, func(b *bus.Bus) service.Config {
		return service.Config{Processes: exec.Config{Dir: f.Dir}, Allow: exec.AllowAll}
	})
}

// Program is [Pipeline] for the tasks of a Go program. A pipeline file goes before what p
// says, as with -f; "" is none.
func Program(t testing.TB, file string, p ers.Pipeline, o ...Options) {
	t.Helper()
	f, err := p.File(file)
	if err != nil {
		t.Fatal(err)
	}
	run(t, f, o, func(b *bus.Bus) service.Config {
		return service.Config{Load: p.Load(b), Kinds: []string{program.KindGo}, Pipeline: f.Definition.Name}
	})
}

// run runs a window and tells its verdict.
func run(t testing.TB, f *pipeline.File, o []Options, services func(*bus.Bus) service.Config) {
	t.Helper()
	option, err := only(o)
	if err != nil {
		t.Fatalf("erstest: %v", err)
	}
	if len(o) > 0 && o[0].Runs != 0 {
		f.Runs = option.Runs
	}
	if option.Ticks != 0 {
		f.Ticks = option.Ticks
	}
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	v, err := window(t.Context(), f, log(t), services)
	if err != nil {
		t.Fatalf("COULD NOT TELL  %v", err)
	}
	tell(t, v, again(t))
}

// log is where the services say what is wrong.
func log(t testing.TB) zerolog.Logger {
	return zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel)
}

// window runs a window on a server of its own.
func window(ctx context.Context, f *pipeline.File, log zerolog.Logger, services func(*bus.Bus) service.Config) (v *events.Verdict, err error) {
	b, err := embedded.Open(ctx, embedded.Config{Config: bus.Config{Name: "erstest", Log: log}})
	if err != nil {
		return nil, err
	}
	config := services(b)
	config.Bus, config.Log = b, log
	err = service.While(ctx, config, func(ctx context.Context) error {
		key, err := client.Submit(ctx, b, f, nil)
		if err == nil {
			v, _, err = client.Verdict(ctx, b, key)
		}
		return err
	})
	if closed := b.Close(); err == nil {
		err = closed
	}
	return v, err
}
