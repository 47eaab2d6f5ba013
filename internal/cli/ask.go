package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
)

// LoadFile reads a pipeline file. Where its tasks are those that a worker says it has, the
// worker is started and asked.
func LoadFile(ctx context.Context, path string, log zerolog.Logger) (*pipeline.File, error) {
	return pipeline.LoadWith(path, func(w *program.Worker, found map[string]pipeline.Content) ([]program.Task, error) {
		return exec.Ask(ctx, exec.Config{Objects: files(found), Hide: daemon.Secrets(), Build: daemon.Version, Log: log}, w)
	})
}

func loadFile(ctx context.Context, out *streams, path string) (*pipeline.File, error) {
	return LoadFile(ctx, path, (&connection{}).log(out, zerolog.ErrorLevel))
}

// files are the contents that a pipeline file names.
type files map[string]pipeline.Content

func (f files) Open(_ context.Context, sha256 string) (io.ReadCloser, error) {
	c, ok := f[sha256]
	if !ok {
		return nil, fmt.Errorf("content %s is not one of the pipeline file", sha256)
	}
	return c.Open()
}

func (f files) Put(context.Context, string, int64, func() (io.ReadCloser, error)) error { return nil }
