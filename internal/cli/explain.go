package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/against"
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
	passed, asked, err := against.SincePass(ctx, b, v)
	if err != nil {
		return fmt.Errorf("what changed since the last window that passed: %w", err)
	}
	var text strings.Builder
	if asked != nil {
		tellSince(&text, passed, asked, worksOnFolder(v, d))
	}
	if list := hintsFor(ctx, b, v, d, dir); len(list) > 0 {
		text.WriteString("\n  Hints, not findings: these lines often differ from run to run\n")
		for _, h := range list {
			fmt.Fprintf(&text, "    %s:%d: %.100s  (%s)\n", report.Clean(h.File), h.Line, report.Clean(h.Text), h.Why)
		}
	}
	_, err = fmt.Fprint(io.text(), text.String())
	return err
}

// tellSince words what changed.
func tellSince(text *strings.Builder, passed uint64, asked *against.Asked, folder bool) {
	switch {
	case asked.Same() && folder:
		fmt.Fprintf(text, "\n  Since window %d, which passed, the same is asked for. The files that it works on are no\n  part of that: it is one of them, or what else is around the runs, or it differs by itself\n", passed)
		return
	case asked.Same():
		fmt.Fprintf(text, "\n  Since window %d, which passed, the same is asked for: it is what is around the runs, or\n  it differs by itself\n", passed)
		return
	}
	fmt.Fprintf(text, "\n  Since window %d, which passed\n", passed)
	row := func(what, changed string) { fmt.Fprintf(text, "    %-15s  %s\n", what, report.Clean(changed)) }
	what := against.DefinitionFact
	for _, change := range asked.Definition {
		row(what, change)
		what = ""
	}
	same := []string{}
	for i := range asked.Facts {
		switch f := &asked.Facts[i]; {
		case f.Same():
			same = append(same, f.Name)
		case f.Name == against.ContextsFact:
			row(f.Name, asked.Contexts)
		case f.Name != against.DefinitionFact:
			row(f.Name, fmt.Sprintf("%s, it was %s", f.B, f.A))
		}
	}
	row("the same", strings.Join(same, ", "))
}

// worksOnFolder tells whether the task that differs is a program that finds its files by
// itself: then no definition says that they have changed.
func worksOnFolder(v *events.Verdict, d *program.Definition) bool {
	if d == nil || v.Divergence == nil {
		return false
	}
	p := d.ProcessOf(v.Divergence.Task)
	return p != nil && len(p.Files) == 0
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
