package daemon

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/userfile"
	"abraxas.dev/ers/pkg/program/exec"
)

// Limits are the flags of those who run windows for others.
type Limits struct {
	Windows   int    `default:"16" placeholder:"N" help:"Windows of a kind in hand at once; they share the processors in turn (${default})."`
	MaxTicks  int64  `default:"100000000" placeholder:"N" help:"Runs × ticks of a window, at most; one that asks for more is given up (${default})."`
	AllowExec string `placeholder:"FILE" type:"path" help:"Start the workers and commands of the definitions that FILE lists, a line each: definition SHA256, worker SHA256, or any. Without it none is started."`
}

const maxAllowFile = 16 << 20

// Allow reads which definitions may have processes started.
func (l *Limits) Allow() (*exec.Allow, error) {
	if l.Windows < 1 || l.MaxTicks < 1 {
		return nil, errors.New("--windows and --max-ticks: want at least 1")
	}
	if l.AllowExec == "" {
		return new(exec.Allow), nil
	}
	text, err := userfile.Read(l.AllowExec, maxAllowFile)
	if err != nil {
		return nil, fmt.Errorf("--allow-exec: %w", err)
	}
	allow, err := exec.ParseAllow(string(text))
	if err != nil {
		return nil, fmt.Errorf("--allow-exec: %s: %w", l.AllowExec, err)
	}
	return allow, nil
}
