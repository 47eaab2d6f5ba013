package bustest

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A Proxy stands between a client and a server and breaks connections where a test
// wants it. The client reconnects through it. It reads what goes through, see [Packet],
// so that a test can count it, and have a fault happen to it, see [Plan].
type Proxy struct {
	target  string
	listen  net.Listener
	crashed chan struct{}
	dead    atomic.Bool

	mu     sync.Mutex
	links  map[*link]struct{}
	traps  map[Direction]string
	lies   map[Direction]lie
	plan   Plan
	met    int
	counts map[string]int
	acks   acks
}

// link is one connection through a Proxy.
type link struct {
	p              *Proxy
	client, server *net.TCPConn

	writing [2]sync.Mutex // by direction
	mu      sync.Mutex
	sids    map[string]string // of subscriptions, by subject
	spoilt  map[string]Fault  // answers to come, by subject
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
		target:  strings.TrimPrefix(url, "nats://"),
		listen:  l,
		crashed: make(chan struct{}),
		links:   map[*link]struct{}{},
		traps:   map[Direction]string{},
		lies:    map[Direction]lie{},
		counts:  map[string]int{},
		acks:    acks{asked: map[string][]Acked{}, batches: map[string][]Acked{}},
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
	links := slices.Collect(maps.Keys(p.links))
	p.mu.Unlock()
	for _, l := range links {
		l.close()
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
		if err != nil || p.dead.Load() {
			client.Close()
			continue
		}
		l := &link{p: p, client: client.(*net.TCPConn), server: server.(*net.TCPConn), sids: map[string]string{}, spoilt: map[string]Fault{}}
		p.mu.Lock()
		p.links[l] = struct{}{}
		p.mu.Unlock()
		go l.copy(ToServer, client)
		go l.copy(ToClient, server)
	}
}

// copy passes on what comes from one side until either closes.
func (l *link) copy(d Direction, from io.Reader) {
	if d == ToClient {
		defer l.release()
	}
	defer l.close()
	r := bufio.NewReader(from)
	for {
		m, err := readPacket(r)
		switch {
		case err != nil || l.p.dead.Load():
			return
		case l.p.springs(d, m.raw):
			l.p.Cut()
			return
		}
		if d == ToServer {
			l.sent(m)
		}
		if l.pass(d, m) {
			return
		}
	}
}

// sent notes what a client sends.
func (l *link) sent(m *Packet) {
	l.mu.Lock()
	if m.Verb == "SUB" {
		l.sids[m.Subject] = m.SID
	}
	l.mu.Unlock()
	l.p.mu.Lock()
	l.p.acks.sent(m)
	l.p.mu.Unlock()
}

func (l *link) write(d Direction, data []byte) error {
	l.writing[d].Lock()
	defer l.writing[d].Unlock()
	to := l.server
	if d == ToClient {
		to = l.client
	}
	_, err := to.Write(l.p.said(d, data))
	return err
}

// close ends the connection. The server still reads what was sent before: only when it
// has ended its side too, the ToClient copy lets go of it.
func (l *link) close() {
	_ = l.server.CloseWrite()
	_ = l.client.Close()
}

func (l *link) release() {
	_, _ = io.Copy(io.Discard, l.server)
	_ = l.server.Close()
	l.p.mu.Lock()
	delete(l.p.links, l)
	l.p.mu.Unlock()
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
