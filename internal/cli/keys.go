package cli

import (
	"context"
	"os"

	xterm "golang.org/x/term"
)

// untilQuit ends ctx when q, Esc or Ctrl-C is typed. restore makes the terminal what it was.
// Where standard input is no terminal nobody can type, and nothing is done.
func untilQuit(ctx context.Context) (quit context.Context, restore func()) {
	terminal := int(os.Stdin.Fd())
	before, err := xterm.MakeRaw(terminal)
	if err != nil {
		return ctx, func() {}
	}
	quit, stop := context.WithCancel(ctx)
	go func() { // ends with the process, or with the terminal
		defer stop()
		keys := make([]byte, 16)
		for {
			n, err := os.Stdin.Read(keys)
			if err != nil || n > 0 && quits(keys[:n]) {
				return
			}
		}
	}()
	return quit, func() {
		stop()
		_ = xterm.Restore(terminal, before)
	}
}

// quits tells whether what was typed asks to leave. Esc is a key of its own where nothing
// follows it: arrows and their like begin with it.
func quits(keys []byte) bool {
	const ctrlC, esc = 3, 27
	return keys[0] == 'q' || keys[0] == 'Q' || keys[0] == ctrlC || keys[0] == esc && len(keys) == 1
}
