package bustest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A Pipe passes on bytes to an address, whatever they are, and can be parted: then what
// was connected through it is not any more, and nobody gets through.
type Pipe struct {
	target string
	listen net.Listener

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

func (p *Pipe) copy(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
	p.mu.Lock()
	delete(p.conns, from)
	p.mu.Unlock()
}
