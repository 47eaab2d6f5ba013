package cli

import (
	"errors"

	"abraxas.dev/ers/internal/pipeline"
)

func savePipeline(path string, f *pipeline.File) error { return errors.New("to come") }
