package pipeline

import (
	"errors"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
)

// paragraphs makes a context of each paragraph of a text: of each run of lines that
// are not blank, without the white space around it.
func paragraphs(text string) (*program.Contexts, error) {
	var contexts []canon.Value
	var paragraph []string
	flush := func() error {
		if len(paragraph) == 0 {
			return nil
		}
		v, err := canon.Of(map[string]string{"text": strings.TrimSpace(strings.Join(paragraph, "\n"))})
		if err != nil {
			return err
		}
		contexts = append(contexts, v)
		paragraph = nil
		return nil
	}
	for line := range strings.SplitSeq(text+"\n", "\n") {
		if strings.TrimSpace(line) != "" {
			paragraph = append(paragraph, line)
		} else if err := flush(); err != nil {
			return nil, err
		}
	}
	if len(contexts) == 0 {
		return nil, errors.New("there is no paragraph in it: want a text")
	}
	return program.NewContexts(contexts...)
}
