package workertest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/worker"
)

const noErrors = "no task failed: give contexts in which one does"

// provoke runs the tasks in contexts in which some may fail.
func (s *suite) provoke() (all [][]worker.Result, pid int, err error) {
	p, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	defer p.discard()
	wrong := map[string]canon.Value{}
	for name := range s.context(0).Members() {
		wrong[name] = canon.Null
	}
	nulls, err := canon.Of(wrong)
	if err != nil {
		return nil, 0, err
	}
	for n, c := range []canon.Value{s.context(0), "{}", nulls, s.context(1)} {
		results, err := s.ask(p, worker.Tick{Tick: int64(n), Context: c, Tasks: s.tasks})
		if err != nil {
			return nil, 0, err
		}
		all = append(all, results)
	}
	return all, p.cmd.Process.Pid, nil
}

// errorsStable compares the error texts of two processes.
func errorsStable(s *suite) error {
	one, _, err := s.provoke()
	if err != nil {
		return err
	}
	two, _, err := s.provoke()
	if err != nil {
		return err
	}
	failed := false
	for i := range one {
		for j, a := range one[i] {
			b := two[i][j]
			failed = failed || a.Status.Failed()
			if a.Status.Failed() && b.Status.Failed() && a != b {
				return fmt.Errorf("tick %d in a second process: %s", i, differ(one[i], two[i]))
			}
		}
	}
	if !failed {
		return unseen(noErrors)
	}
	return nil
}

var (
	address = regexp.MustCompile(`0x[0-9a-fA-F]{6,}`)
	moment  = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b`)
)

// errorsClean looks for what cannot be the same in every run.
func errorsClean(s *suite) error {
	all, pid, err := s.provoke()
	if err != nil {
		return err
	}
	failed := false
	for _, r := range slices.Concat(all...) {
		if !r.Status.Failed() {
			continue
		}
		failed = true
		if what := unclean(r.Error, pid); what != "" {
			return fmt.Errorf("the error text of task %q holds %s: %.200q", r.Task, what, r.Error)
		}
	}
	if !failed {
		return unseen(noErrors)
	}
	return nil
}

// unclean says what in an error text belongs to one process alone; "" for nothing.
func unclean(text string, pid int) string {
	if found := address.FindString(text); found != "" {
		return "an address, " + found
	}
	if found := moment.FindString(text); found != "" {
		return "a time, " + found
	}
	if number := strconv.Itoa(pid); len(number) > 2 && regexp.MustCompile(`\b`+number+`\b`).MatchString(text) {
		return "the number of its process, " + number
	}
	folders := []string{os.TempDir()}
	if here, err := os.Getwd(); err == nil {
		folders = append(folders, here)
	}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, home)
	}
	for _, folder := range folders {
		if len(folder) > 1 && strings.Contains(text, filepath.Clean(folder)+string(filepath.Separator)) {
			return "a path of this machine, below " + folder
		}
	}
	return ""
}
