package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// tty FILE COMMAND… runs a command on a terminal, whatever its exit code, and puts
// what it has shown there into a file. $COLUMNS is how wide it is.
func tty(ts *testscript.TestScript, _ bool, args []string) {
	controller, terminal := openTerminal(ts)
	defer controller.Close()
	size := unix.Winsize{Row: 24}
	if n, _ := fmt.Sscan(ts.Getenv("COLUMNS"), &size.Col); n == 1 {
		ts.Check(unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &size))
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "NO_COLOR="+ts.Getenv("NO_COLOR"))
	cmd.Stdout, cmd.Stderr = terminal, terminal
	ts.Check(cmd.Start())
	terminal.Close()
	shown, _ := io.ReadAll(controller) // ends with an error when the last process leaves the terminal
	_ = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.ReplaceAll(shown, []byte("\r\n"), []byte("\n")), 0o644))
}

// typed KEYS TEXT COMMAND… types keys on a terminal once a command shows a text there; INT
// interrupts it. The command must end with 0, and leave the terminal as it was.
func typed(ts *testscript.TestScript, _ bool, args []string) {
	keys, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	controller, terminal := openTerminal(ts)
	defer controller.Close()
	defer terminal.Close()
	before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[2], args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "NATS_URL="+ts.Getenv("NATS_URL"), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"))
	if term := ts.Getenv("TERM"); term != "" {
		cmd.Env = append(cmd.Env, "TERM="+term)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	ts.Check(cmd.Start())
	go func() {
		var shown []byte
		for part, waits := make([]byte, 4096), true; ; {
			n, err := controller.Read(part)
			if shown = append(shown, part[:n]...); waits && bytes.Contains(shown, []byte(args[1])) {
				waits = false
				if keys == "INT" {
					err = cmd.Process.Signal(os.Interrupt)
				} else {
					_, err = controller.WriteString(keys)
				}
			}
			if err != nil {
				return
			}
		}
	}()
	ts.Check(cmd.Wait())
	after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	ts.Check(err)
	if *after != *before {
		ts.Fatalf("the terminal is not as it was")
	}
}

func openTerminal(ts *testscript.TestScript) (controller, terminal *os.File) {
	controller, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	ts.Check(err)
	ts.Check(unix.IoctlSetPointerInt(int(controller.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(controller.Fd()), unix.TIOCGPTN)
	ts.Check(err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	ts.Check(err)
	return controller, terminal
}
