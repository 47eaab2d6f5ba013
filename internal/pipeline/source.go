package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/program"
)

// The most bytes that are read of a file. The time that the YAML parser takes grows
// faster than its input.
const (
	maxPipelineFile = 1 << 20
	maxStarlarkFile = 1 << 20
	maxContextsFile = 256 << 20
)

// readFile reads a text file: valid UTF-8, of which a byte order mark is dropped
// and line ends become \n. Every error is an *program.Error with the file's path.
type readFile func(path string, limit int) (string, error)

func readText(path string, limit int) (string, error) {
	data, err := userfile.Read(path, int64(limit))
	if err != nil {
		return "", openError(path, limit, err)
	}
	return cleanText(path, string(data), limit)
}

func openError(path string, limit int, err error) error {
	advice := "want a file that can be read"
	switch {
	case errors.Is(err, userfile.ErrLarge):
		return tooLarge(path, limit)
	case errors.Is(err, fs.ErrNotExist):
		advice = "check the path"
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &program.Error{File: path, Msg: fmt.Sprintf("%v: %s", err, advice)}
}

func tooLarge(path string, limit int) error {
	return &program.Error{File: path, Msg: fmt.Sprintf("the file is larger than %d bytes: make it smaller", limit)}
}

func cleanText(path, text string, limit int) (string, error) {
	if len(text) > limit {
		return "", tooLarge(path, limit)
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if utf8.ValidString(text) {
		return text, nil
	}
	line, column := 1, 1
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return "", &program.Error{File: path, Line: line, Column: column, Msg: "not UTF-8 text: save it as UTF-8"}
}
