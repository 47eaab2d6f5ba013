package bustest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Fault is what a [Proxy] does to a packet.
type Fault string

const (
	Lost         Fault = "lost"            // it does not reach the server
	AnswerLost   Fault = "answer lost"     // it does, and the answer does not come back
	Refused      Fault = "stored, refused" // it does, and the answer is changed to say that it failed
	Busy         Fault = "stored, busy"    // it does, and the answer is changed to say that it is to be tried again
	Delayed      Fault = "delayed"         // it and all behind it come later
	Late         Fault = "late"            // it alone comes later, when its sender has given up on it
	Repeated     Fault = "repeated"        // it comes twice
	Cut          Fault = "cut before"      // the connection ends before it
	CutAfter     Fault = "cut after"       // the connection ends behind it
	NoResponders Fault = "no responders"   // nobody listens, says the server
	Denied       Fault = "denied"          // it may not do this, says the server
	Full         Fault = "full"            // it has no room, says the server
	Foreign      Fault = "foreign"         // a stream of another domain has it, says the server
	CrashBefore  Fault = "crash before"    // the client dies before it
	CrashAfter   Fault = "crash after"     // the client dies behind it
)

const (
	delay    = 300 * time.Millisecond
	lateness = 6 * time.Second // longer than our clients wait for an answer
)

// Faults are those that can happen to a kind of packets.
func Faults(kind string) []Fault {
	always := []Fault{Lost, Delayed, Repeated, Cut, CutAfter, CrashBefore, CrashAfter}
	switch {
	case kind == "delivery":
		return always
	case slices.Contains([]string{"ack", "nak", "term", "wpi"}, kind):
		return append(always, Denied)
	case kind == "consumer msg next":
		return append(always, NoResponders, Denied)
	case strings.HasPrefix(kind, "append "), strings.HasPrefix(kind, "commit "):
		return append(always, AnswerLost, Refused, Busy, Late, NoResponders, Denied, Full, Foreign)
	case strings.HasPrefix(kind, "batch "):
		return append(always, Denied)
	case strings.HasPrefix(kind, "object "):
		return append(always, AnswerLost, Refused, Late, NoResponders, Denied, Full)
	}
	return append(always, AnswerLost, NoResponders, Denied, Full)
}

// A Plan is a fault for some packets of a kind.
type Plan struct {
	Kind  string
	Fault Fault
	First int // of the kind, from 1 on, that meets it
	Times int // how many do, one after the other
}

func (p Plan) String() string { return fmt.Sprintf("%s %d+%d: %s", p.Kind, p.First, p.Times, p.Fault) }

// An Acked is a message that the server has acknowledged.
type Acked struct {
	Stream, Subject string
	Seq             uint64
	Data            []byte
}

// Meddle makes a proxy follow a plan, from the next packet on.
func (p *Proxy) Meddle(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Met tells how many packets have met the fault.
func (p *Proxy) Met() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}

// Counts returns how many packets of each kind have come by.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]int)
	for kind, n := range p.counts {
		counts[kind] = n
	}
	return counts
}

// Crashed is closed when the client has died: nothing of it gets through any more.
func (p *Proxy) Crashed() <-chan struct{} { return p.crashed }

// Acked returns what the server has acknowledged, whatever became of the answer.
func (p *Proxy) Acked() []Acked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acks.list)
}

// meets counts a packet and returns the fault that it meets; "" is none.
func (p *Proxy) meets(m *Packet) Fault {
	kind := m.Kind()
	if kind == "" {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[kind]++
	n := p.counts[kind] - p.plan.First
	if kind != p.plan.Kind || n < 0 || n >= p.plan.Times {
		return ""
	}
	p.met++
	return p.plan.Fault
}

// pass sends a packet to the other side, or does something else with it. It tells
// whether the connection is to end.
func (l *link) pass(d Direction, m *Packet) (end bool) {
	if d == ToClient && m.Reply == "" && l.answered(m) {
		return false
	}
	switch fault := l.p.meets(m); fault {
	case "":
		return l.write(d, m.raw) != nil
	case Lost:
		return false
	case Delayed:
		time.Sleep(delay)
		return l.write(d, m.raw) != nil
	case Late:
		time.AfterFunc(lateness, func() { _ = l.write(d, m.raw) })
	case Repeated:
		return l.write(d, bytes.Repeat(m.raw, 2)) != nil
	case Cut:
		return true
	case CutAfter:
		_ = l.write(d, m.raw)
		return true
	case CrashBefore:
		l.p.crash()
		return true
	case CrashAfter:
		_ = l.write(d, m.raw)
		l.p.crash()
		return true
	case AnswerLost, Refused, Busy, Foreign:
		l.spoil(m.Reply, fault)
		return l.write(d, m.raw) != nil
	case Denied:
		return l.write(ToClient, fmt.Appendf(nil, "-ERR 'Permissions Violation for Publish to \"%s\"'\r\n", m.Subject)) != nil
	case NoResponders:
		return l.answer(m.Reply, []byte("NATS/1.0 503\r\n\r\n"), nil) != nil
	case Full:
		return l.answer(m.Reply, nil, []byte(full)) != nil
	}
	return false
}

const (
	full   = `{"error":{"code":503,"err_code":10023,"description":"insufficient resources"}}`
	failed = `{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}`
	busy   = `{"error":{"code":429,"err_code":10167,"description":"too many requests"}}`
)

// answered notes what the server says to a request, and spoils it where it is to be.
func (l *link) answered(m *Packet) (done bool) {
	l.p.mu.Lock()
	l.p.acks.answered(m)
	l.p.mu.Unlock()
	l.mu.Lock()
	fault, ok := l.spoilt[m.Subject]
	delete(l.spoilt, m.Subject)
	l.mu.Unlock()
	if !ok {
		return false
	}
	data := m.Data
	switch fault {
	case AnswerLost:
		return true
	case Refused:
		data = []byte(failed)
	case Busy:
		data = []byte(busy)
	case Foreign:
		data = []byte(`{"stream":"OTHER","domain":"other","seq":7}`)
	}
	_ = l.write(ToClient, answer(m.Subject, m.SID, nil, data))
	return true
}

// spoil makes the next answer on a subject meet a fault.
func (l *link) spoil(subject string, fault Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spoilt[subject] = fault
}

// answer answers in the place of the server.
func (l *link) answer(subject string, header, data []byte) error {
	l.mu.Lock()
	sid, found := "", false
	for pattern, s := range l.sids {
		if pattern == subject || strings.HasSuffix(pattern, "*") && strings.HasPrefix(subject, pattern[:len(pattern)-1]) {
			sid, found = s, true
		}
	}
	l.mu.Unlock()
	if !found {
		return nil // nobody waits for it
	}
	return l.write(ToClient, answer(subject, sid, header, data))
}

// crash lets nothing of the client through any more.
func (p *Proxy) crash() {
	if p.dead.CompareAndSwap(false, true) {
		close(p.crashed)
	}
}
