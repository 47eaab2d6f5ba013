package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// fleet is a server with services on it, and our connection to it.
type fleet struct {
	command func(context.Context, ...string) *exec.Cmd
	setting Setting
	bus     *bus.Bus
	members map[Role]*member
	order   []Role // in which they were started
	guard   string // the folder that says who may what; "": everybody may all

	ctx  context.Context // ends, with the cause, when a member ends on its own
	fail context.CancelCauseFunc
}

// newFleet starts a server with its data in dir.
func newFleet(ctx context.Context, c *Config, s Setting, dir string) (f *fleet, err error) {
	f = &fleet{command: c.Command, setting: s, members: make(map[Role]*member)}
	f.ctx, f.fail = context.WithCancelCause(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, f.stop())
		}
	}()
	config := embedded.Config{StoreDir: dir, SyncAlways: s.Sync == SyncAlways, Config: bus.Config{Name: "ers bench"}}
	if s.Processes != OneProcess {
		args := []string{"--store", dir, "--sync", string(s.Sync)}
		if s.Processes == Guarded {
			f.guard = filepath.Join(dir, "auth")
			if err := newGuard(f.guard); err != nil {
				return f, err
			}
			args = []string{"--guarded", "--store", f.guard, "--sync", string(s.Sync)}
		}
		m, out, err := startMember(f.ctx, c.Command, Server, f.fail, args...)
		if err != nil {
			return f, err
		}
		f.add(Server, m)
		url, err := firstLine(out)
		if err != nil {
			return f, fmt.Errorf("%s: %w", Server, err)
		}
		config = embedded.Config{Config: bus.Config{Name: "ers bench", URL: url}}
		if f.guard != "" {
			config.URL, config.Create = guardContext(f.guard, auth.Administrator), true
		}
	}
	f.bus, err = embedded.Open(f.ctx, config)
	return f, err
}

// startHere starts a service in this process, whatever the setting.
func (f *fleet) startHere(role Role) error {
	run, err := serviceOf(f.bus, role, zerolog.Nop())
	if err == nil {
		f.add(role, inProcess(f.ctx, role, run, f.fail))
	}
	return err
}

// start starts services where the setting wants them.
func (f *fleet) start(roles ...Role) error {
	for _, role := range roles {
		if f.setting.Processes == OneProcess {
			if err := f.startHere(role); err != nil {
				return err
			}
			continue
		}
		m, _, err := startMember(f.ctx, f.command, role, f.fail, "--nats", f.address(role))
		if err != nil {
			return err
		}
		f.add(role, m)
	}
	return nil
}

// address is where a role connects.
func (f *fleet) address(role Role) string {
	if f.guard != "" {
		return guardContext(f.guard, guardRole[role])
	}
	return f.bus.URL()
}

func (f *fleet) add(role Role, m *member) {
	f.members[role] = m
	f.order = append(f.order, role)
}

// stopRoles stops some members.
func (f *fleet) stopRoles(roles ...Role) (err error) {
	for _, role := range roles {
		if m := f.members[role]; m != nil {
			delete(f.members, role)
			err = errors.Join(err, m.stop())
		}
	}
	return err
}

// stop stops everything, the server last. It returns why a member ended on its own, if
// one did.
func (f *fleet) stop() error {
	cause := context.Cause(f.ctx)
	var err error
	for i := len(f.order) - 1; i >= 0; i-- {
		if f.order[i] != Server {
			err = errors.Join(err, f.stopRoles(f.order[i]))
		}
	}
	if f.bus != nil {
		err = errors.Join(err, f.bus.Close())
	}
	err = errors.Join(err, f.stopRoles(Server))
	f.fail(nil)
	if cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// peaks returns the memory of the members in processes of their own.
func (f *fleet) peaks() map[Role]uint64 {
	all := make(map[Role]uint64)
	for role, m := range f.members {
		if m.pid != 0 {
			all[role] = m.peak()
		}
	}
	return all
}

// judged is a window that has its verdict.
type judged struct {
	window  events.WindowKey
	asked   time.Time
	verdict time.Time // when it was here
}

func (j judged) took() time.Duration { return j.verdict.Sub(j.asked) }

// judge asks for a window and waits for its verdict, which must be a pass.
func (f *fleet) judge(s shape) (j judged, err error) {
	j.asked = time.Now()
	if j.window, err = s.ask(f.ctx, f.bus); err != nil {
		return j, err
	}
	return j, f.pass(&j)
}

// pass waits for the verdict of a window, which must be a pass.
func (f *fleet) pass(j *judged) error {
	v, _, err := client.Verdict(f.ctx, f.bus, j.window)
	if err != nil {
		return err
	}
	j.verdict = time.Now()
	if v.Outcome != events.Pass {
		return errors.New(report.Headline(v))
	}
	return nil
}

// shown waits until the feed has shown a window, and returns when it had.
func (f *fleet) shown(n emptyTasks, window uint64) (time.Time, error) {
	return f.await(events.StreamViz, events.StabilitySubject(n.pipeline(), window))
}

// await waits for a message on a subject that gets one, and returns when it was
// stored.
func (f *fleet) await(stream, subject string) (time.Time, error) {
	if _, err := f.bus.Await(f.ctx, stream, subject); err != nil {
		return time.Time{}, err
	}
	return f.storedAt(stream, subject)
}

// lastDigest is when the last digest of a window was stored.
func (f *fleet) lastDigest(n emptyTasks, window uint64) (last time.Time, err error) {
	for run := range Runs {
		at, err := f.storedAt(events.StreamDigest, events.DigestSubject(events.RunKey{Pipeline: n.pipeline(), Window: window, Run: run}))
		if err != nil {
			return last, err
		}
		if at.After(last) {
			last = at
		}
	}
	return last, nil
}

// storedAt is when the server stored the last message on a subject or filter, by the
// clock that all processes here share.
func (f *fleet) storedAt(stream, subject string) (time.Time, error) {
	s, err := f.bus.JetStream().Stream(f.ctx, stream)
	if err != nil {
		return time.Time{}, err
	}
	m, err := s.GetLastMsgForSubject(f.ctx, subject)
	if err != nil {
		return time.Time{}, fmt.Errorf("last message on %s: %w", subject, err)
	}
	return m.Time, nil
}

// fastest lets a window of frames go over the bus alone in every way that there is, and
// returns how long the fastest took, and which part of the processors was at work meanwhile.
func (f *fleet) fastest(s shape) (best time.Duration, busy float64, err error) {
	for _, w := range ways[f.setting.Sync] {
		s.way = &w
		before, _ := processors()
		took, err := f.count(s)
		if err != nil {
			return 0, 0, err
		}
		if best == 0 || took < best {
			best, busy = took, busySince(before)
		}
	}
	return best, busy, nil
}

// count asks publisher and counter for a window of frames and waits until all of them
// were counted.
func (f *fleet) count(s shape) (time.Duration, error) {
	start := time.Now()
	key, err := s.ask(f.ctx, f.bus)
	if err != nil {
		return 0, err
	}
	last, err := f.await(events.StreamDigest, events.DigestSubject(key.Run(0)))
	return last.Sub(start), err
}

// withFleet calls do with a fleet on the server whose data is in dir, or in a temporary
// folder.
func (m *measurement) withFleet(ctx context.Context, s Setting, dir string, do func(*fleet) error) error {
	if dir == "" {
		return withDir(func(dir string) error { return m.withFleet(ctx, s, dir, do) })
	}
	f, err := newFleet(ctx, &m.Config, s, dir)
	if err != nil {
		return err
	}
	err = do(f)
	stopped := f.stop()
	if stopped != nil && errors.Is(err, context.Canceled) {
		return stopped // which is why
	}
	return errors.Join(err, stopped)
}

func withDir(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "ers-bench-")
	if err != nil {
		return err
	}
	return errors.Join(do(dir), os.RemoveAll(dir))
}
