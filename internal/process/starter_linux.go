package process

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// starter is the process that starts commands for another one.
type starter struct {
	shares bool // each command has a mount namespace of its own
	loses  bool // what commands leave behind does not become ours

	mu        sync.Mutex
	commands  map[int]*command // by pid, those that have not been reaped
	watching  bool
	measuring bool
}

// serve starts commands until whoever asks for them is gone, and then ends what is left.
func serve(m mode) error {
	const control = 3
	if err := closeOnExec(); err != nil {
		return err
	}
	// Caught and not heeded: what is ignored would be ignored by commands too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	noCores()
	// qemu, that runs programs for other processors, does not know of this.
	orphans := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	var hello greeting
	if orphans == nil {
		hello.Mounts = tryMounts(m)
	} else {
		hello.Mounts.Why = fmt.Sprintf("this process cannot become the parent of what commands leave behind: %v", orphans)
	}
	s := &starter{shares: hello.Mounts.OK, loses: orphans != nil, commands: make(map[int]*command)}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go s.reap(ended)

	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(hello); err != nil {
		return err
	}
	if err := unix.Sendmsg(control, text.Bytes(), nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return err
	}
	var all sync.WaitGroup
	for {
		conn, files, err := receive(control)
		if err != nil || conn == nil {
			all.Wait() // each is killed when its connection is closed
			return err
		}
		all.Go(func() { s.serve(conn, files) })
	}
}

// closeOnExec keeps from commands whatever was open when our parent was started.
func closeOnExec() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// noCores keeps the kernel from leaving core files in folders.
func noCores() {
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &now) == nil {
		now.Cur = 0
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &now) // then there are some
	}
}

// receive returns the next request, or nil when there are no more.
func receive(control int) (conn *os.File, files [3]int, err error) {
	room, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4*4))
	n, got, _, _, err := unix.Recvmsg(control, room, rights, unix.MSG_CMSG_CLOEXEC)
	for err == unix.EINTR {
		n, got, _, _, err = unix.Recvmsg(control, room, rights, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil || n == 0 {
		return nil, files, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:got])
	if err != nil {
		return nil, files, err
	}
	var fds []int
	for i := range messages {
		some, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, files, err
		}
		fds = append(fds, some...)
	}
	if len(fds) != 4 {
		return nil, files, fmt.Errorf("a request comes with %d descriptors", len(fds))
	}
	_ = unix.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "connection"), [3]int(fds[1:]), nil
}

// serve does what one request asks for, to its end.
func (s *starter) serve(conn *os.File, files [3]int) {
	defer func() { _ = conn.Close() }()
	from, to := gob.NewDecoder(conn), gob.NewEncoder(conn)
	var o order
	if err := from.Decode(&o); err != nil {
		closeAll(files)
		return
	}
	done := make(chan struct{})
	onThread(func() {
		defer close(done)
		c, around, err := s.carryOut(&o, files)
		closeAll(files)
		defer around.undo()
		answer := started{Had: around.had}
		answer.fail(err)
		if c == nil {
			around.undo()         // first: whoever hears the answer removes the folders that are in use
			_ = to.Encode(answer) // whoever does not hear it is gone
			return
		}
		answer.Pid = c.pid
		_ = to.Encode(answer)
		go s.listen(c, from)
		<-c.reaped
		left := s.clear(c, around.had.Processes == onlyItsOwn)
		around.undo()
		_ = to.Encode(c.exit(left))
	})
	<-done
}

// carryOut sets up what a command is to have around it, and starts it, if it is to be
// started. The thread that calls it must not end before the command.
func (s *starter) carryOut(o *order, files [3]int) (*command, *surroundings, error) {
	around, err := s.surround(o)
	if err != nil || !o.Start {
		return nil, around, err
	}
	c, err := s.start(o, files)
	return c, around, err
}

// listen waits for a word to kill the command, and kills it when nobody can say it any more.
func (s *starter) listen(c *command, from *gob.Decoder) {
	for {
		var k toKill
		err := from.Decode(&k)
		if err != nil {
			k.Why = "the program that had started it has ended"
		}
		s.kill(c, k.Why)
		if err != nil {
			return
		}
	}
}

func closeAll(files [3]int) {
	for _, fd := range files {
		_ = unix.Close(fd)
	}
}

// onThread does something on a thread that ends with it, because of what it becomes.
func onThread(do func()) {
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this function
		if unix.Gettid() != unix.Getpid() {
			do()
			return
		}
		// The first thread cannot end, so it must stay as it is: another one.
		done := make(chan struct{})
		onThread(func() {
			defer close(done)
			do()
		})
		<-done
		runtime.UnlockOSThread()
	}()
}
