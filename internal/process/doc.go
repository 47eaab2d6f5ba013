// Package process starts the commands of users apart from the rest, and ends them whole.
//
//	func main() {
//		process.Main() // first of all: does not return in a process that starts commands
//		…
//		real, how, err := process.Resolve(ctx, "python3", os.Getenv("PATH"), dir)
//		p, err := process.Start(ctx, process.Spec{Command: []string{real, "tasks.py"}, Dir: dir, …})
//		exit := p.Wait()
//
// # What a command has around it
//
// On Linux: the folder under an overlay, so that what it changes is told apart; other
// folders at the places of some (Binds); no network; empty folders and files over what it
// is not to see; a bound on memory. Where the kernel gives this user mounts and namespaces,
// that is: root has them, others in a user namespace, which Ubuntu 24.04 and containers
// often forbid. Look says what is there, Try what one command would have,
// Process.Confinement what it had. Elsewhere a command is only started, and ended with its
// session; Confinement says so.
//
// A command keeps its user and group. An ordinary user's has no capabilities; root's has
// all but those to mount and to look into other processes, by which it would get behind
// what hides. It takes no new rights: a setuid program runs as who starts it. In a user
// namespace everybody else is nobody. A filter (seccomp) refuses it system calls that no task
// needs: see refused. From Linux 6.12 on Landlock keeps it from signalling, and looking
// into, what it has not started. What a command can still reach: sockets that are files, and
// everything that this user may change outside of the folder: it is kept from accidents, not
// from malice.
//
// An overlay has its own ways. A folder that was there before cannot be renamed (EXDEV, on
// which mv copies), and of two names of one file only the one that is written to changes.
// Other file systems must not be mounted in the folder: that is refused.
//
// # How it is started
//
// A starter is this program, started once more with a mark in its environment. It is asked
// over a socket, makes a thread with namespaces of its own for each command, and starts the
// command from it. So this costs the start of this program once, some 60 ms of a processor
// in ers, and not for each command. Starting and ending true, measured with two processors
// and others at work on them (BenchmarkStart): os/exec 5 ms, here 11 ms, with an overlay 17
// ms, with everything 19 ms, and 10 ms each when twelve go at the same time; on a quieter
// machine 2, 5 and 8 ms. The filter is 0.07 ms of that and Landlock 0.01 ms, and with them
// a system call takes 30 ns longer.
//
// Look, early and beside whatever else goes on, spares the first command the wait.
//
// # Ends
//
// A command is in a session of its own: a terminal's interrupt reaches this program alone,
// which decides. When its first process has ended, was killed, or when this program has
// ended, by kill -9 too, everything that it has started is killed, whatever session it has
// made its own: the starter becomes the parent of what is left behind, and knows whose it
// is by the mount namespace. Without namespaces a starter has one command at a time, so
// that all that is left is that one's. Where it cannot become that parent, as under qemu,
// there are no namespaces either, and what stays in the command's session is ended. When
// the starter itself is killed, the first process of each command is killed with it, and
// what those have started is not found any more.
//
// SIGKILL, SIGTERM, SIGINT, SIGHUP and SIGQUIT count as sent from outside: a command that
// sends one of these to itself cannot be told apart. All other signals count as its own.
//
// # Memory
//
// The bound is on what the processes of a command have in use together, shared memory once,
// mapped files not at all, since the kernel can drop them. The starter looks at it, more
// often the nearer it comes: after as long as it takes at the least to use up the rest, at
// 8 GiB/s, within 5 to 100 ms, for a twentieth of a processor at most. A command that fills
// memory as fast as it can (BenchmarkTooMuch) has come 2 to 60 MiB beyond a bound of 200
// MiB on two processors with twelve others at work.
//
// No limit of the kernel serves. Measured with Go 1.26, Node 20 and Python 3.11, idle and
// with 100 MiB in use:
//
//	                     Go                     Node                   Python
//	RLIMIT_AS 512 MiB    does not start         does not start         runs
//	RLIMIT_AS 1 GiB      runs, 320 MiB at most  runs                   runs
//	RLIMIT_AS 128 MiB    does not start         hangs                  runs
//	RLIMIT_DATA 256 MiB  runs                   runs                   runs
//	… and beyond         crashes, exit 2        SIGABRT                MemoryError, exit 1
//	memory cgroup        SIGKILL                SIGKILL                SIGKILL
//
// With RLIMIT_DATA going beyond looks like a mistake of the command's own, which it may
// even catch, so that a bound would decide a result; and it is for each process, not for
// all. A memory cgroup does it well, but must be delegated to this user, who must not be in
// it already: where systemd or a container bounds this program, the kernel kills a command
// by that bound, and Exit.Outside says that it did.
package process
