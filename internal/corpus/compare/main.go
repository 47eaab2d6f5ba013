// Command compare runs the programs of testdata/drift three times over: through ERS, twice
// with the outputs compared, and under reprotest with diffoscope. It prints a table for
// docs/variations.md. testdata/drift/compare.sh installs what it needs and starts it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/corpus"
	"abraxas.dev/ers/pkg/events"
)

func main() {
	if err := compare("testdata/drift"); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
}

func compare(drift string) error {
	table, err := corpus.Read(drift)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "drift-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	shop, err := corpus.Open(drift, dir)
	if err != nil {
		return err
	}
	defer shop.Close()
	var again, reprotest, ers count
	fmt.Println("| class | program | ERS | cause | runs | run twice | reprotest |\n|---|---|---|---|---|---|---|")
	row := func(e *corpus.Entry, drifts bool) error {
		w := &work{shop: shop, entry: e, dir: filepath.Join(dir, "work")}
		cells, err := w.cells(drifts, &ers, &again, &reprotest)
		if err == nil {
			fmt.Printf("| %s | %s | %s |\n", e.Class, e.Program, strings.Join(cells, " | "))
		}
		return err
	}
	for _, e := range table.Drifting {
		if err := row(&e, true); err != nil {
			return err
		}
	}
	for _, e := range table.Clean {
		if err := row(&e, false); err != nil {
			return err
		}
	}
	fmt.Printf("| **caught, of those that drift** | | %s | | | %s | %s |\n", &ers, &again, &reprotest)
	fmt.Printf("| **blamed, of those that are clean** | | %d | | | %d | %d |\n", ers.blamed, again.blamed, reprotest.blamed)
	return nil
}

// count is how much a way found.
type count struct{ ran, caught, blamed int }

func (c *count) String() string { return fmt.Sprintf("%d of %d", c.caught, c.ran) }

// add counts a program, and returns its cell.
func (c *count) add(drifts, differs bool, how string) string {
	switch {
	case drifts && differs:
		c.ran++
		c.caught++
		return how
	case drifts:
		c.ran++
		return "no"
	case differs:
		c.blamed++
		return "**blamed**: " + how
	}
	return "passes"
}

// work is a program that is run in all ways.
type work struct {
	shop  *corpus.Shop
	entry *corpus.Entry
	dir   string
}

func (w *work) cells(drifts bool, ers, again, reprotest *count) ([]string, error) {
	v, err := w.ers()
	if err != nil {
		return nil, err
	}
	how := ""
	if v != nil && v.Outcome == events.Fail {
		how = fmt.Sprintf("%s at %s", v.Divergence.Kind, corpus.Place(v.Divergence))
	}
	cell := ers.add(drifts, how != "", how)
	if cell == "no" {
		cell = "no: needs " + w.entry.Needs
	}
	cells := append([]string{cell}, pattern(v)...)
	if w.shop.Command(w.entry) == nil { // there is no program that could be run by itself
		return append(cells, "–", "–"), nil
	}
	differs, err := w.twice()
	if err != nil {
		return nil, err
	}
	cells = append(cells, again.add(drifts, differs, "yes"))
	if differs, err = w.reprotest(); err != nil {
		return nil, err
	}
	return append(cells, reprotest.add(drifts, differs, "yes")), nil
}

// pattern is what the pattern of the runs says of the cause, and how many it took to see a
// difference.
func pattern(v *events.Verdict) []string {
	if v == nil || v.FirstMismatchIndex == nil {
		return []string{"–", "–"}
	}
	cause, sure := corpus.Cause(v)
	if !sure {
		cause = "rarely " + cause
	}
	return []string{cause, fmt.Sprint(*v.FirstMismatchIndex + 1)}
}

// ers has a window of the program run; nil: that takes more than a window.
func (w *work) ers() (*events.Verdict, error) {
	if w.entry.Needs == "crash" {
		return nil, nil
	}
	state, err := w.state()
	if err != nil {
		return nil, err
	}
	v, err := w.shop.Window(w.entry, state)
	if err == nil && v.Outcome == events.Inconclusive {
		err = fmt.Errorf("%s is inconclusive: %+v", w.entry.Program, v.Problems)
	}
	return v, err
}

// state makes the folder that outlives runs anew.
func (w *work) state() (string, error) {
	state := filepath.Join(w.dir, "state")
	return state, errors.Join(os.RemoveAll(state), os.MkdirAll(state, 0o755))
}
