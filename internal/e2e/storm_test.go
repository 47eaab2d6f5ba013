//go:build unix

package e2e

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"abraxas.dev/ers/internal/invariants"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

var (
	stormKills = flag.Int("storm", 60, "kills in a storm")
	stormSeed  = flag.Uint64("seed", 0, "of a storm; 0: another one each time")
)

// A storm is a system whose processes are killed and frozen at random moments, while
// windows are asked for. Proxies before its servers note what is acknowledged.
type storm struct {
	*scene
	random  *rand.Rand
	url     string // of the proxies
	proxies []*bustest.Proxy
	slots   []*slot
	marker  string // in the command lines of workers

	kills, freezes int

	mu   sync.Mutex
	want invariants.Want
}

// slot is a place that a process has, or will have again.
type slot struct {
	name   string
	start  func() *process
	p      *process  // nil: it was killed
	back   time.Time // when the next one is started
	frozen bool
	thaw   time.Time
}

// newStorm returns one that takes as long as its kills may.
func newStorm(t *testing.T) *storm {
	t.Helper()
	seed := *stormSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	s := &storm{scene: newSceneOf(t, slower*(2*time.Minute+time.Duration(*stormKills)*2*time.Second)), random: rand.New(rand.NewPCG(seed, 0))}
	s.marker = t.TempDir()
	return s
}

// behind puts a proxy before a server, through which everybody reaches it.
func (s *storm) behind(address string) {
	p := bustest.NewProxy(s.t, address)
	s.proxies = append(s.proxies, p)
	s.url = strings.TrimPrefix(s.url+","+p.URL(), ",")
}

// add starts a process that the storm may kill.
func (s *storm) add(name string, start func() *process) *slot {
	x := &slot{name: name, start: start, p: start()}
	s.slots = append(s.slots, x)
	return x
}

// services starts so many of each.
func (s *storm) services(each int) {
	allow := filepath.Join(s.t.TempDir(), "allow")
	if err := os.WriteFile(allow, []byte("any\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
	for range each {
		for _, name := range services {
			args := []string{"--nats", s.url}
			if name == "ers-coordinator" {
				args = append(args, "--allow-exec", allow)
			}
			s.add(name, func() *process { return s.run(name, args...) })
		}
	}
}

// rage kills until it is enough, and then lets everything come back.
func (s *storm) rage(kills int) {
	for s.kills < kills && s.ctx.Err() == nil {
		s.pause(700 * time.Millisecond)
		s.revive(time.Now())
		switch victim := s.slots[s.random.IntN(len(s.slots))]; {
		case s.random.IntN(8) == 0:
			s.killWorker()
		case victim.p == nil:
		case s.random.IntN(4) == 0 && !victim.frozen:
			victim.p.signal(syscall.SIGSTOP)
			victim.frozen, victim.thaw = true, time.Now().Add(time.Duration(s.random.IntN(4000))*time.Millisecond)
			s.freezes++
		default:
			s.kill(victim, time.Duration(s.random.IntN(1500))*time.Millisecond)
		}
	}
	s.revive(time.Now().Add(time.Hour))
}

// pause waits for about d.
func (s *storm) pause(d time.Duration) {
	select {
	case <-time.After(time.Duration(s.random.Int64N(int64(2 * d)))):
	case <-s.ctx.Done():
	}
}

// kill ends a process as kill -9 does, for a while.
func (s *storm) kill(victim *slot, down time.Duration) {
	victim.p.kill()
	victim.p, victim.frozen, victim.back = nil, false, time.Now().Add(down)
	s.kills++
}

// revive starts and thaws what is due, in any order.
func (s *storm) revive(now time.Time) {
	for _, i := range s.random.Perm(len(s.slots)) {
		x := s.slots[i]
		if x.frozen && now.After(x.thaw) {
			x.p.signal(syscall.SIGCONT)
			x.frozen = false
		}
		if x.p == nil && now.After(x.back) {
			x.p = x.start()
		}
	}
}

// killWorker kills one process of a pipeline, if one runs.
func (s *storm) killWorker() {
	pids, err := exec.Command("pgrep", "-f", s.marker).Output()
	if err != nil {
		return // there is none
	}
	list := strings.Fields(string(pids))
	if exec.Command("kill", "-KILL", list[s.random.IntN(len(list))]).Run() == nil {
		s.kills++
	}
}

// The windows of a storm: one passes, one fails, and one has workers, which are killed
// too, so that nobody knows what becomes of it but its frames.
func (s *storm) windows() []*pipelineFixture {
	worked := strings.NewReplacer("runs: 4", "runs: 3", "ticks: 30", "ticks: 8", `open("FILE").read()`, `"`+s.marker+`"`).Replace(workerYAML)
	return []*pipelineFixture{
		{name: "chain", yaml: chain(5, 20, 300)},
		{name: "chain", yaml: chain(5, 20, 300), change: func(r *events.WindowRequest) {
			r.Drill = &events.Drill{Run: 3, Tick: 13, Task: "chain", Kind: "value"}
		}},
		{name: "counted", yaml: worked},
	}
}

// submit asks for windows, one after the other, until ctx ends: no more than a few are
// waited for.
func (s *storm) submit(ctx context.Context, b *bus.Bus) {
	fixtures := s.windows()
	for i := 0; ctx.Err() == nil; i++ {
		which := i % len(fixtures)
		asking, stop := context.WithTimeout(s.ctx, slower*20*time.Second)
		key, err := client.Submit(asking, b, fixtures[which].file(s.t), fixtures[which].change)
		stop()
		s.mu.Lock()
		if err != nil {
			s.want.Unsure++
		} else {
			outcome := []string{"pass", "fail", ""}[which]
			s.want.Windows = append(s.want.Windows, invariants.Window{Number: key.Window, Request: key.Request, Outcome: outcome})
		}
		s.mu.Unlock()
		for ctx.Err() == nil {
			asked, judged, err := s.count(ctx, b)
			if err == nil && asked < judged+6 {
				break
			}
			s.sleep(100 * time.Millisecond)
		}
	}
}

func (s *storm) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
	}
}

// count tells how many windows and how many verdicts there are.
func (s *storm) count(ctx context.Context, b *bus.Bus) (asked, judged uint64, err error) {
	ctx, stop := context.WithTimeout(ctx, slower*time.Second)
	defer stop()
	windows, err := b.Subjects(ctx, events.StreamWindow, "ers.window.>")
	if err != nil {
		return 0, 0, err
	}
	for _, n := range windows {
		asked += n
	}
	verdicts, err := b.Subjects(ctx, events.StreamVerdict, "ers.verdict.>")
	return asked, uint64(len(verdicts)), err
}

// during has windows asked for while something happens, waits until each has its verdict,
// and looks at all that is on the streams.
func (s *storm) during(happens func()) {
	s.t.Helper()
	b := bustest.Connect(s.t, s.url)
	ctx, stop := context.WithCancel(s.ctx)
	var asking sync.WaitGroup
	asking.Go(func() { s.submit(ctx, b) })
	happens()
	stop()
	asking.Wait()
	begun := time.Now()
	s.settle(b)
	s.check(b, time.Since(begun))
}

// settle waits until each window has its verdict.
func (s *storm) settle(b *bus.Bus) {
	s.t.Helper()
	for {
		asked, judged, err := s.count(s.ctx, b)
		if err == nil && asked == judged {
			break
		}
		if s.ctx.Err() != nil {
			s.t.Fatalf("%d windows, %d verdicts, %v: %v", asked, judged, err, context.Cause(s.ctx))
		}
		s.sleep(50 * time.Millisecond)
	}
}

// check looks at all that is on the streams.
func (s *storm) check(b *bus.Bus, drained time.Duration) {
	s.t.Helper()
	for _, p := range s.proxies {
		for _, a := range p.Acked() {
			s.want.Acked = append(s.want.Acked, invariants.Acked{Stream: a.Stream, Subject: a.Subject, Seq: a.Seq, SHA256: sha256.Sum256(a.Data)})
		}
	}
	report, err := invariants.Check(s.ctx, b.Conn(), s.want)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("%d kills, %d freezes, %d windows unsure, drained in %v: %v", s.kills, s.freezes, s.want.Unsure, drained.Round(time.Millisecond), report)
	for _, wrong := range report.Wrong {
		s.t.Error(wrong)
	}
	if report.Windows < 3 || report.Acked == 0 {
		s.t.Errorf("too little happened: %v", report)
	}
}

// Everything is killed and frozen at random moments, the server and the workers of
// pipelines too, and comes back in any order: nothing is lost, nothing is there twice, and
// no verdict is wrong.
func TestStorm(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	address := freeAddress(t)
	config := fmt.Sprintf("listen: %q\njetstream {store_dir: %q}\n", address, t.TempDir())
	s.add(natsServer, func() *process { return s.startServer(natsServer, config) }).p.awaitLog("Server is ready")
	s.behind(address)
	s.createStreams(s.url, 1)
	s.services(2)
	s.during(func() { s.rage(*stormKills) })
}
