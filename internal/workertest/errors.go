package workertest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/worker"
)

const noErrors = "no task failed: give contexts in which one does"

// provoke runs the tasks in contexts in which some may fail.
func (s *suite) provoke() ([][]worker.Result, error) {
	messages := []worker.Tick{s.tick(0, s.tasks), {Tick: 1, Context: "{}", Tasks: s.tasks}}
	wrong := map[string]canon.Value{}
	for name := range s.context(0).Members() {
		wrong[name] = "null"
	}
	odd, err := canon.Of(wrong)
	if err != nil {
		return nil, err
	}
	messages = append(messages, worker.Tick{Tick: 2, Context: odd, Tasks: s.tasks}, s.tick(3, s.tasks))
	return s.playAll(nil, messages...)
}

// errorsStable compares the error texts of two processes.
func errorsStable(s *suite) error {
	one, err := s.provoke()
	if err != nil {
		return err
	}
	two, err := s.provoke()
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
	if s.hello == nil {
		return unseen("there is no hello that is understood")
	}
	if _, err := s.provoke(); err != nil {
		return err
	}
	if len(s.failures) == 0 {
		return unseen(noErrors)
	}
	for _, f := range s.failures {
		if what := unclean(f.text, f.pid); what != "" {
			return fmt.Errorf("the error text of task %q holds %s: %.200q", f.task, what, f.text)
		}
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
