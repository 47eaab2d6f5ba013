package process

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// client is our end of a starter.
type client struct {
	mode    mode
	mounts  Ability
	mu      sync.Mutex // one request at a time goes over control
	control *os.File
	live    int // commands, under pool.mu
}

// pool are the starters that there are. One that gives each command a mount namespace can
// tell whose a process is that was left behind, so that it serves all; others serve one
// command at a time.
var pool struct {
	mu     sync.Mutex
	known  bool // which mode works
	mode   mode
	mounts Ability
	all    []*client
}

// take returns a starter for one command, which goes back with give.
func take() (*client, error) {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	for _, c := range pool.all {
		if c.live == 0 || c.mounts.OK {
			c.live++
			return c, nil
		}
	}
	c, err := newClient()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	c.live++
	pool.all = append(pool.all, c)
	return c, nil
}

func (c *client) give() {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	c.live--
}

// drop forgets a starter that has ended.
func (c *client) drop() {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if i := slices.Index(pool.all, c); i >= 0 {
		pool.all = slices.Delete(pool.all, i, i+1)
		_ = c.control.Close()
	}
}

// newClient starts a starter in the first mode that works, and remembers which it is.
func newClient() (*client, error) {
	if !hooked.Load() {
		return nil, errors.New("this program does not call process.Main first thing in main")
	}
	if pool.known {
		return startClient(pool.mode, pool.mounts)
	}
	why := ""
	for _, m := range modes() {
		c, err := startClient(m, Ability{Why: why})
		if m == modePlain && err != nil {
			return nil, err
		}
		if err == nil && (c.mounts.OK || m == modePlain) {
			pool.known, pool.mode, pool.mounts = true, m, c.mounts
			return c, nil
		}
		if err == nil {
			err = errors.New(c.mounts.Why)
			_ = c.control.Close()
		}
		why = err.Error() + hint()
	}
	return nil, errors.New(why)
}

// startClient starts a starter. mounts is what is known of a plain one.
func startClient(m mode, mounts Ability) (*client, error) {
	ours, theirs, err := socketpair(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"ers-starter"}, Env: []string{mark + "=" + string(m)},
		Stderr: os.Stderr, ExtraFiles: []*os.File{theirs}, SysProcAttr: m.attributes()}
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		return nil, m.explain(err)
	}
	c := &client{mode: m, control: ours}
	go func() { _ = cmd.Wait() }() // there is nobody to tell
	_ = theirs.Close()
	var hello greeting
	if err := gob.NewDecoder(ours).Decode(&hello); err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("the process that starts commands ended at once: %w", err)
	}
	c.mounts = hello.Mounts
	if m == modePlain {
		c.mounts = mounts
	}
	return c, nil
}

// socketpair returns two ends of a connection that no command inherits.
func socketpair(kind int) (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "starter"), os.NewFile(uintptr(fds[1]), "starter"), nil
}

// request opens a connection of its own for one command, and sends the order.
func (c *client) request(o *order, files [3]*os.File) (conn *os.File, err error) {
	conn, theirs, err := socketpair(unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	fds := []int{int(theirs.Fd())}
	for i, f := range files {
		if f == nil {
			f, err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				return nil, errors.Join(err, conn.Close(), theirs.Close())
			}
			defer func() { _ = f.Close() }()
			files[i] = f
		}
		fd, err := duplicate(f)
		if err != nil {
			return nil, errors.Join(err, conn.Close(), theirs.Close())
		}
		defer func() { _ = unix.Close(fd) }()
		fds = append(fds, fd)
	}
	err = c.send(fds)
	_ = theirs.Close()
	if err == nil {
		err = gob.NewEncoder(conn).Encode(o)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// duplicate returns a descriptor of a file, which waits in reads and writes, as a command
// expects it of its standard files.
func duplicate(f *os.File) (fd int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var inner error
	err = raw.Control(func(of uintptr) { fd, inner = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 3) })
	if err = errors.Join(err, inner); err == nil {
		err = unix.SetNonblock(fd, false)
	}
	return fd, err
}

func (c *client) send(fds []int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := c.control.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Write(func(control uintptr) bool {
		inner = unix.Sendmsg(int(control), []byte{0}, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		return inner != unix.EAGAIN
	})
	return errors.Join(err, inner)
}

// ask sends an order and returns what it came to.
func ask(o *order, files [3]*os.File) (c *client, conn *os.File, answer started, from *gob.Decoder, err error) {
	for try := 0; ; try++ {
		if c, err = take(); err != nil {
			return nil, nil, answer, nil, err
		}
		o.Why = c.mounts.Why
		if conn, err = c.request(o, files); err == nil {
			from = gob.NewDecoder(conn)
			if err = from.Decode(&answer); err == nil {
				break
			}
			_ = conn.Close()
		}
		c.drop()
		if try == 0 {
			continue // it was ended since we had it: another one
		}
		return nil, nil, answer, nil, fmt.Errorf("%w: the process that starts commands has ended: %w", ErrUnavailable, err)
	}
	if err = answer.err(); err != nil {
		_ = conn.Close()
		c.give()
	}
	return c, conn, answer, from, err
}

func start(s *Spec) (*Process, error) {
	files := [3]*os.File{s.Stdin, s.Stdout, s.Stderr}
	c, conn, answer, from, err := ask(s.order(true), files)
	if err != nil {
		return nil, err
	}
	p := &Process{pid: answer.Pid, had: answer.Had, done: make(chan struct{})}
	var mu sync.Mutex
	to := gob.NewEncoder(conn)
	p.kill = func(why string) {
		mu.Lock()
		defer mu.Unlock()
		_ = to.Encode(toKill{why}) // whoever does not hear it is gone, and the command with it
	}
	go func() {
		if err := from.Decode(&p.exit); err != nil {
			p.exit = Exit{Code: -1, Outside: "the process that started it was ended from outside"}
			c.drop()
		}
		_ = conn.Close()
		c.give()
		close(p.done)
	}()
	return p, nil
}

func try(s *Spec) (Confinement, error) {
	c, conn, answer, _, err := ask(s.order(false), [3]*os.File{})
	if err != nil {
		return Confinement{}, err
	}
	_ = conn.Close()
	c.give()
	return answer.Had, nil
}
