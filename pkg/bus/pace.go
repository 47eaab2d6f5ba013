package bus

import "time"

// pace is what a group knows of how its messages are committed: how long one takes by
// itself, and how long a batch takes. A server that syncs to disk before each
// acknowledgement takes a batch in the time of a few messages, any other one takes longer
// for it. The server does not say which it is, and disks differ, so it is measured. A pace
// reads no clock.
type pace struct {
	roundTrip time.Duration // to the server and back
	probing   int           // lone messages still to be measured before anything is sent behind another
	single    time.Duration // the fastest of them, beyond the round trip
	batch     time.Duration // what the fastest batch since then takes whatever is in it; 0: there was none
	pays      bool          // batches are faster, as far as is known

	commits int       // batches, and messages one after the other, since then …
	look    int       // … and after how many it may be measured again
	mark    time.Time // when the first of these messages was stored
}

const (
	probes = 16

	// Batches, or messages that came slowly one by one, after which it is measured again, in
	// case that it was this process that was slow: each time twice as many, as long as the
	// answer is the same.
	firstLook = 16
	maxLook   = 4096

	// A message may wait for the disk when it takes longer than there and back, and this,
	// and this for each byte.
	slowAppend = 50 * time.Microsecond
	slowByte   = 2 * time.Nanosecond

	// A batch of fewer is never worth it: the server makes files for it, and some disks are
	// slow at that. One of many tells whether any is.
	minBatch = 8
	telling  = 64
)

func newPace(roundTrip time.Duration) pace {
	return pace{roundTrip: roundTrip, probing: probes, look: firstLook}
}

// measure learns from how long a message of so many bytes took that had the server to
// itself: the fastest of some, since the slowest say more about this process.
func (p *pace) measure(took time.Duration, size int) {
	if p.probing == 0 {
		return
	}
	took -= p.roundTrip + time.Duration(size)*slowByte
	if p.probing == probes || took < p.single {
		p.single = took
	}
	if p.probing--; p.probing == 0 {
		p.learn(p.single > slowAppend)
	}
}

// learn notes what was found out.
func (p *pace) learn(pays bool) {
	if pays == p.pays {
		p.look = min(2*p.look, maxLook)
	} else {
		p.look = firstLook
	}
	p.pays, p.batch, p.commits = pays, 0, 0
}

// doubt has it measured again where messages go one by one, and slowly. others tells whether
// more are on their way: if not, what comes next may come when it likes.
func (p *pace) doubt(now time.Time, others bool) {
	switch {
	case p.probing > 0:
	case p.pays:
		p.committed()
	case !others:
		p.commits = 0
	case p.commits == 0:
		p.mark, p.commits = now, 1
	default:
		if p.commits++; p.commits < p.look {
			return
		}
		if now.Sub(p.mark) > time.Duration(p.look)*slowAppend {
			p.probing = probes
		}
		p.commits = 0
	}
}

// committed counts what is committed where batches pay, and has it measured again now and
// then.
func (p *pace) committed() {
	if p.commits++; p.commits >= p.look {
		p.probing = probes
	}
}

// tookBatch learns from a batch of so many messages.
func (p *pace) tookBatch(n int, took time.Duration) {
	each := time.Duration(n) * p.single
	if base := max(took-each/2, took/4); p.batch == 0 || base < p.batch {
		p.batch = base
	}
	if n >= telling && took > each {
		p.pays, p.commits, p.look = false, 0, min(2*p.look, maxLook)
		return
	}
	p.committed()
}

// enough is how many messages are worth a batch: as many as take as long one by one, if
// one costs at most half as much in it.
func (p *pace) enough() int {
	if p.single <= 0 {
		return minBatch
	}
	return max(minBatch, int(min(2*p.batch/p.single, MaxBatch)))
}

// roundTrip is how long a message to the server and back takes, at best.
func (b *Bus) roundTrip() (best time.Duration) {
	began := time.Now()
	for i := 0; i < 50 && time.Since(began) < 10*time.Millisecond; i++ {
		if rtt, err := b.nc.RTT(); err == nil && (best == 0 || rtt < best) {
			best = rtt
		}
	}
	return best
}
