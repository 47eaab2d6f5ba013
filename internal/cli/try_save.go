package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/internal/userfile"
)

// savePipeline writes the pipeline file of a command. A standard input that does not go into
// it is written beside it.
func savePipeline(path string, f *pipeline.File) error {
	command := *f.Definition.Tasks[0].Command
	dir, err := filepath.Rel(filepath.Dir(path), f.Dir)
	if err != nil || !filepath.IsLocal(dir) {
		return fmt.Errorf("%s must be in the working folder %s, or in a folder above it", path, f.Dir)
	}
	if command.Dir = filepath.ToSlash(dir); dir == "." {
		command.Dir = ""
	}
	r, err := f.Contents[command.Stdin.SHA256].Open()
	if err != nil {
		return err
	}
	defer r.Close()
	input, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	name := ""
	if !pipeline.InlineInput(input) {
		name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".stdin"
		if err := userfile.Write(filepath.Join(filepath.Dir(path), name), input); err != nil {
			return err
		}
	}
	definition := *f.Definition
	definition.Tasks = append(definition.Tasks[:0:0], f.Definition.Tasks...)
	definition.Tasks[0].Command = &command
	saved := *f
	saved.Definition = &definition
	text, err := pipeline.WriteCommand(&saved, input, name)
	if err != nil {
		return err
	}
	return userfile.Write(path, text)
}
