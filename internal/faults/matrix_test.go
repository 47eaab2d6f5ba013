package faults

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

var (
	seed   = flag.Uint64("seed", 0, "of the sample of cases; 0: another one each time")
	matrix = flag.Bool("matrix", false, "go through all cases, not a sample")
)

const (
	lanes    = 16 // that go on side by side: most of the time each waits for a time-out
	atServer = 12 // cases that share a server: after each all that it has is looked at
)

// A faultCase is one service that meets one fault, in one window.
type faultCase struct {
	service string
	plan    bustest.Plan
	outcome events.Outcome // that the window must have
	syncs   bool           // the server syncs before each acknowledgement
}

func (c faultCase) String() string { return fmt.Sprintf("%s, %v", c.service, c.plan) }

// Whatever happens between a service and the server, nothing is lost, nothing is there
// twice, and every window gets the one verdict that it must have.
func TestMatrix(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	table := cases(t, random)
	t.Logf("%d cases", len(table))
	if !*matrix {
		random.Shuffle(len(table), func(i, j int) { table[i], table[j] = table[j], table[i] })
		table = table[:min(testsize.Sample(24, 72), len(table))]
	}
	var done tally
	todo := []chan faultCase{make(chan faultCase, len(table)), make(chan faultCase, len(table))}
	for _, c := range table {
		kind := 0
		if c.syncs {
			kind = 1
		}
		todo[kind] <- c
	}
	for _, c := range todo {
		close(c)
	}
	t.Run("lanes", func(t *testing.T) {
		for i := range lanes {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for more := true; more && !t.Failed(); {
					t.Run("server", func(t *testing.T) {
						l := newLane(t, i%2 == 1)
						defer l.end()
						for n := 0; n < atServer && more && !t.Failed(); n++ {
							var c faultCase
							if c, more = <-todo[i%2]; more {
								done.add(l, c)
							}
						}
					})
				}
			})
		}
	})
	t.Logf("%d of %d faults were met; the slowest took %v", done.met, len(table), done.slowest)
	if done.met < len(table)*9/10 {
		t.Errorf("too few faults were met. Not these: %q", done.unmet)
	}
}

// tally is how it went.
type tally struct {
	mu      sync.Mutex
	met     int
	unmet   []string // cases in which no packet met the fault
	slowest time.Duration
}

// add goes through a case.
func (d *tally) add(l *lane, c faultCase) {
	begun := time.Now()
	n := l.meet(c)
	took := time.Since(begun)
	if took > slow {
		l.t.Logf("%v: %v until all was well again", c, took)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slowest = max(d.slowest, took); n > 0 {
		d.met++
	} else {
		d.unmet = append(d.unmet, c.String())
	}
}

// slow is how long a case takes that is worth a word.
const slow = 12 * time.Second

// cases returns all of them: each fault that a packet of each kind can meet which a
// service sends or is sent, at one place in a row, or at some with -matrix.
func cases(t *testing.T, random *rand.Rand) (table []faultCase) {
	for _, syncs := range []bool{false, true} {
		counts := count(t, syncs)
		for _, service := range slices.Sorted(maps.Keys(counts)) {
			for _, kind := range slices.Sorted(maps.Keys(counts[service])) {
				n := counts[service][kind]
				for _, fault := range bustest.Faults(kind) {
					places := []int{1 + random.IntN(n)}
					if *matrix {
						places = slices.Compact([]int{1, (n + 1) / 2, n})
					}
					for _, first := range places {
						plan := bustest.Plan{Kind: kind, Fault: fault, First: first, Times: 1 + 2*random.IntN(2)}
						table = append(table, faultCase{service, plan, outcomes[len(table)%2], syncs})
					}
				}
			}
		}
	}
	return table
}

// outcomes are those that windows must have.
var outcomes = []events.Outcome{events.Pass, events.Fail}

// count goes through a case without a fault for each service and outcome, and counts its
// packets, by kind: how many there are at least.
func count(t *testing.T, syncs bool) map[string]map[string]int {
	counts := make(map[string]map[string]int)
	t.Run(fmt.Sprint("count, syncs: ", syncs), func(t *testing.T) {
		l := newLane(t, syncs)
		defer l.end()
		for _, outcome := range outcomes {
			for _, service := range append(slices.Sorted(maps.Keys(services)), submitter) {
				l.meet(faultCase{service: service, outcome: outcome})
				counts[service] = least(counts[service], l.counted)
			}
		}
		t.Log(counts)
	})
	return counts
}

// least is the smaller count of each kind that both have.
func least(a, b map[string]int) map[string]int {
	if a == nil {
		return b
	}
	both := make(map[string]int)
	for kind, n := range a {
		if m := min(n, b[kind]); m > 0 {
			both[kind] = m
		}
	}
	return both
}

// submitter is the name of the one that asks for windows.
const submitter = "submitter"

// meet has a service meet a fault, and tells how many of its packets did.
func (l *lane) meet(c faultCase) (met int) {
	l.t.Helper()
	if c.service == submitter {
		met, l.counted = l.submitter(c.plan, c.outcome)
		l.check(c)
		return met
	}
	l.start(c.service, c.plan)
	l.ask(c, c.outcome)
	l.check(c)
	met, l.counted = l.running[c.service].met(), l.running[c.service].counts()
	return met
}
