package page

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
)

// TestNeverReads cuts off pages that ask for news and never read them: until then they hold
// little.
func TestNeverReads(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, bus: bustest.Open(t), url: URL(l, "")}
	closed := make(chan struct{})
	page := New(Config{Bus: s.bus, Log: bustest.Log(t)})
	s.background(func(ctx context.Context) error { return page.Run(ctx, watched{l, closed}) })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
	first := bufio.NewReaderSize(c, 64)
	if line, err := first.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatal(line, err)
	}
	// News come no faster than they are taken, so that only what is not read is in the way.
	sent, held := 0, int64(0)
	for began := time.Now(); ; {
		select {
		case <-closed:
			if held > backlogBytes || sent > 1<<20 {
				t.Errorf("%d bytes were sent before it was cut off, and %d waited", sent, held)
			}
			return
		case <-time.After(time.Millisecond):
		}
		waiting := page.hub.waiting()
		if held = max(held, waiting); waiting < backlogBytes/2 {
			page.hub.send("window", strings.Repeat("x", 1000))
			sent += 1000
		}
		if time.Since(began) > 4*liveTime {
			t.Fatalf("the connection is held, although nothing is read from it: %d bytes sent, %d wait", sent, waiting)
		}
	}
}

// waiting is how many bytes wait for all pages.
func (h *hub) waiting() (n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for page := range h.pages {
		n += page.waiting.Load()
	}
	return n
}

// TestBacklog cuts off a page that falls behind.
func TestBacklog(t *testing.T) {
	h := newHub()
	page := h.join()
	for i := 0; !h.empty(); i++ {
		if i > backlogBytes/1000 {
			t.Fatal("more is kept for it than it should be")
		}
		h.send("window", strings.Repeat("x", 1000))
	}
	n := 0
	for range page.events {
		n++
	}
	if n < backlogBytes/2000 {
		t.Errorf("%d events were kept", n)
	}
	h.leave(page)
}

// watched tells when a connection that it accepted is closed.
type watched struct {
	net.Listener
	closed chan struct{}
}

func (l watched) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{c.(*net.TCPConn), sync.OnceFunc(func() { close(l.closed) })}, nil
}

type watchedConn struct {
	*net.TCPConn
	told func()
}

func (c *watchedConn) Close() error {
	c.told()
	return c.TCPConn.Close()
}

// TestCompressed sends less to who takes less.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	m := &made{runs: 60, ticks: 1, covers: 1, value: func(int, int64) canon.Value { return "1" }}
	m.write(t.Context(), t, s.bus)
	for _, path := range []string{"/style.css", "/js/main.js", "/api/windows/1"} {
		if answer, _ := s.ask("GET", "", path); !answer.Uncompressed {
			t.Errorf("%s is not compressed", path)
		}
	}
}
