package bustest

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
)

// A Proxy stands between a client and a server and breaks connections where a test
// wants it. The client reconnects through it.
type Proxy struct {
	target string
	listen net.Listener

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	traps map[Direction]string
	lies  map[Direction]lie
}

// lie is a text that goes through as another.
type lie struct{ old, new []byte }

// Direction is the way of what goes through a Proxy.
type Direction int

const (
	ToServer Direction = iota
	ToClient
)

// NewProxy starts a proxy for the server at url, which stops when the test ends.
func NewProxy(t testing.TB, url string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		target: strings.TrimPrefix(url, "nats://"),
		listen: l,
		conns:  map[net.Conn]struct{}{},
		traps:  map[Direction]string{},
		lies:   map[Direction]lie{},
	}
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.Cut()
	})
	return p
}

// URL is what the client connects to.
func (p *Proxy) URL() string { return "nats://" + p.listen.Addr().String() }

// Cut breaks all connections now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
		delete(p.conns, c)
	}
}

// CutAt breaks all connections, once, when text is about to pass in a direction;
// text itself does not pass. A publish cut [ToServer] is lost; an acknowledgement
// cut [ToClient] is one of a message that was stored.
func (p *Proxy) CutAt(d Direction, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traps[d] = text
}

// Replace makes a text go through as another, in messages of a line.
func (p *Proxy) Replace(d Direction, old, new string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lies[d] = lie{[]byte(old), []byte(new)}
}

// Sprung tells whether the text of the last CutAt in a direction came by.
func (p *Proxy) Sprung(d Direction) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traps[d] == ""
}

func (p *Proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		go p.copy(ToServer, server, client)
		go p.copy(ToClient, client, server)
	}
}

// copy passes on what comes from one side until either closes.
func (p *Proxy) copy(d Direction, to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if p.springs(d, buf[:n]) {
			p.Cut()
			return
		}
		if _, werr := to.Write(p.said(d, buf[:n])); err != nil || werr != nil {
			return
		}
	}
}

func (p *Proxy) springs(d Direction, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.traps[d] == "" || !bytes.Contains(data, []byte(p.traps[d])) {
		return false
	}
	delete(p.traps, d)
	return true
}

// said is what goes through in place of data.
func (p *Proxy) said(d Direction, data []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.lies[d]; l.old != nil {
		return bytes.ReplaceAll(data, l.old, l.new)
	}
	return data
}
