package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/since"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/hints"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/report"
)

// explain says under the report of a fail what may be behind it: what changed since the
// last window that passed, and lines of the task that often differ from run to run. dir is
// the folder that a command without files works on; "" where that is not here.
func explain(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, d *program.Definition, dir string) error {
	if v.Outcome != events.Fail || v.Drill != nil || v.Probe != nil {
		return nil
	}
	s, err := since.Look(ctx, b, v)
	if err != nil {
		return fmt.Errorf("what changed since the last window that passed: %w", err)
	}
	var text strings.Builder
	if s != nil {
		tellSince(&text, s)
	}
	if list := hintsFor(ctx, b, v, d, dir); len(list) > 0 {
		text.WriteString("\n  Hints, not findings: these lines often differ from run to run\n")
		for _, h := range list {
			fmt.Fprintf(&text, "    %s:%d: %.100s  (%s)\n", report.Clean(h.File), h.Line, report.Clean(h.Text), h.Why)
		}
	}
	_, err = fmt.Fprint(io.out, text.String())
	return err
}

// tellSince words what changed.
func tellSince(text *strings.Builder, s *since.Since) {
	if s.Same() {
		fmt.Fprintf(text, "\n  Since window %d, which passed, definition, contexts and budgets are the same: it is\n  what is around the runs, or it differs by itself\n", s.Window)
		return
	}
	fmt.Fprintf(text, "\n  Since window %d, which passed\n", s.Window)
	row := func(what, changed string) { fmt.Fprintf(text, "    %-10s  %s\n", what, report.Clean(changed)) }
	what := "definition"
	for _, change := range s.Definition {
		row(what, change)
		what = ""
	}
	if len(s.Definition) == 0 {
		row(what, "the same")
	}
	row("contexts", cmp.Or(s.Contexts, "the same"))
	row("budgets", cmp.Or(s.Budgets, "the same"))
	row("ticks", cmp.Or(s.Ticks, "the same"))
}

const (
	mostHints = 6
	maxSource = 1 << 20 // of a file that is looked into
)

// hintsFor are hints for the task that differs. A content that cannot be had gives none.
func hintsFor(ctx context.Context, b *bus.Bus, v *events.Verdict, d *program.Definition, dir string) (list []hints.Hint) {
	if d == nil || v.Divergence == nil {
		return nil
	}
	add := func(l hints.Language, name, text string) {
		if l != "" {
			list = append(list, hints.Find(l, name, text, 1, mostHints-len(list))...)
		}
	}
	p := d.ProcessOf(v.Divergence.Task)
	if p == nil {
		return nil
	}
	for _, f := range p.Files {
		if f.Size > maxSource {
			continue
		}
		if data, err := b.GetObject(ctx, f.SHA256); err == nil {
			add(hints.Of(f.Path, string(data)), f.Path, string(data))
		}
	}
	for i, word := range p.Command {
		if l := inline(p.Command, i); l != "" {
			add(l, filepath.Base(p.Command[0])+" "+p.Command[i-1], word)
			continue
		}
		if dir == "" || len(p.Files) > 0 {
			continue
		}
		if text, err := readSmall(dir, word); err == nil {
			add(hints.Of(word, text), word, text)
		}
	}
	return list
}

// inline tells the language of a word that is code, as behind sh -c; "" where it is none.
func inline(command []string, i int) hints.Language {
	if i == 0 || command[i-1] != "-c" {
		return ""
	}
	switch name := filepath.Base(command[0]); {
	case strings.HasPrefix(name, "python"):
		return hints.Python
	case strings.HasSuffix(name, "sh"):
		return hints.Shell
	}
	return ""
}

// readSmall reads a file of a folder that is no larger than programs are.
func readSmall(dir, name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", errors.New("it is not a file of the folder")
	}
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSource {
		return "", errors.New("it is not a program")
	}
	text, err := os.ReadFile(path)
	return string(text), err
}
