package bustest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Pipe passes on bytes to an address, whatever they are, and can be parted: then what
// was connected through it is not any more, and nobody gets through.
type Pipe struct {
	target string
	listen net.Listener

	delay  atomic.Int64 // in nanoseconds
	gate   sync.RWMutex // whoever passes bytes on reads it
	mu     sync.Mutex
	parted bool
	conns  map[net.Conn]struct{}
}

// NewPipe starts a pipe that stops when the test ends.
func NewPipe(t testing.TB, target string) *Pipe {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Pipe{target: target, listen: l, conns: map[net.Conn]struct{}{}}
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.Part()
	})
	return p
}

// Slow makes what comes from now on, in either direction, reach the other side later by d: in
// order, and no less of it in a second.
func (p *Pipe) Slow(d time.Duration) { p.delay.Store(int64(d)) }

// Hold keeps all that comes on its way, in either direction, until Release.
func (p *Pipe) Hold() { p.gate.Lock() }

// Release ends what Hold began.
func (p *Pipe) Release() { p.gate.Unlock() }

// Address is where the pipe begins.
func (p *Pipe) Address() string { return p.listen.Addr().String() }

// Part lets nothing through until Heal.
func (p *Pipe) Part() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted = true
	for c := range p.conns {
		c.Close()
	}
}

// Heal ends what Part began.
func (p *Pipe) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parted = false
}

func (p *Pipe) accept() {
	for {
		from, err := p.listen.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.target)
		if err != nil {
			from.Close()
			continue
		}
		p.mu.Lock()
		if p.parted {
			from.Close()
			to.Close()
		} else {
			p.conns[from], p.conns[to] = struct{}{}, struct{}{}
			go p.copy(to, from)
			go p.copy(from, to)
		}
		p.mu.Unlock()
	}
}

// piece is some bytes on their way.
type piece struct {
	data []byte
	due  time.Time
}

func (p *Pipe) copy(to, from net.Conn) {
	pieces := make(chan piece, 4096)
	go p.read(from, pieces)
	for next := range pieces {
		time.Sleep(time.Until(next.due))
		p.gate.RLock()
		//lint:ignore SA2001 it waits until the gate is open
		p.gate.RUnlock()
		if _, err := to.Write(next.data); err != nil {
			break
		}
	}
	to.Close()
	from.Close()
	for range pieces { // until the other side is noticed to be closed
	}
	p.mu.Lock()
	delete(p.conns, from)
	p.mu.Unlock()
}

func (p *Pipe) read(from net.Conn, pieces chan<- piece) {
	defer close(pieces)
	for {
		buf := make([]byte, 32<<10)
		n, err := from.Read(buf)
		if n > 0 {
			pieces <- piece{buf[:n], time.Now().Add(time.Duration(p.delay.Load()))}
		}
		if err != nil {
			return
		}
	}
}
