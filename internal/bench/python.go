package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"abraxas.dev/ers/bench"
)

// findPython notes which Python there is, or that there is none.
func (m *measurement) findPython() {
	path, err := exec.LookPath("python3")
	var version []byte
	if err == nil {
		version, err = exec.Command(path, "--version").Output()
	}
	if err != nil {
		m.report.LeftOut = append(m.report.LeftOut, fmt.Sprintf("the Python way, workers in Python, the gate of ERS v0.2: %v", err))
		return
	}
	m.python = path
	m.report.Machine.Python = strings.TrimPrefix(strings.TrimSpace(string(version)), "Python ")
}

// pythonWay is the turn of the Python script. It takes its own time, without the
// interpreter's start, and must have our hash.
func (m *measurement) pythonWay(n emptyTasks) contestant {
	ticks := max(1, m.pythonEvents/int(n))
	want := ""
	return func(ctx context.Context) ([]sample, error) {
		if want == "" {
			var err error
			if want, err = inMemory(n.tasks(), ticks); err != nil {
				return nil, err
			}
		}
		found, took, err := runPython(ctx, m.python, int(n), ticks)
		if err == nil && found != want {
			err = fmt.Errorf("it has the trace hash %s, ours is %s", found, want)
		}
		if err != nil {
			return nil, fmt.Errorf("the Python way: %w", err)
		}
		return []sample{{name: RatePython, events: int64(n) * int64(ticks), took: took}}, nil
	}
}

func runPython(ctx context.Context, python string, events, ticks int) (traceSHA256 string, took time.Duration, err error) {
	cmd := exec.CommandContext(ctx, python, "-", "--events", strconv.Itoa(events), "--ticks", strconv.Itoa(ticks))
	cmd.Stdin = bytes.NewReader(bench.PythonWay)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	var answer struct {
		Seconds     float64 `json:"seconds"`
		TraceSHA256 string  `json:"trace_sha256"`
	}
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	return answer.TraceSHA256, time.Duration(answer.Seconds * float64(time.Second)), err
}
