// Package page serves the page on which people watch windows, look at runs and read
// failures: `ers up` and `ers view` start it, `ers export` writes parts of it into
// files.
//
// Start at [Server]. [Server.Run] follows ERS_WINDOW and ERS_VERDICT and keeps a short
// list of the newest windows (index.go), which live.go passes on to open pages as it
// changes. Everything else is read from the streams when a page asks for it: record.go
// finds and reads digests and frames, and each of window.go, grid.go, run.go, tick.go,
// compare.go, against.go and search.go answers one kind of question as JSON; vary.go is of
// what was varied, filter.go of which windows the list shows, errors.go of why there is no
// answer. http.go is the door: only GET, only names that are ours. The page itself is in
// static: plain modules, no build step. export.go writes a window as one HTML file or an SVG
// picture, download.go sends such files to browsers.
//
// The package only reads. What it holds in memory does not grow with the number of
// ticks: where a question is about more ticks than a screen has columns, the answer is
// put together from buckets of ticks.
package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
)

// DefaultAddress is where the page is when nothing else is said.
const DefaultAddress = "127.0.0.1:8080"

// Config is what the page needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger

	// Address is the host:port that was asked for. Its host is the only name that the
	// page answers to, besides localhost and addresses. Empty: there is no such name.
	Address string

	// Token is what a browser must bring to see the page: as part of the first address
	// that it opens, see [URL], and as a cookie from then on. Empty lets everybody in.
	Token string

	// Downloads are more forms in which windows can be taken as files, beside HTML and SVG.
	Downloads []Download
}

// Server is the page and the JSON behind it. Make one with [New]. Its methods may be
// called from any goroutine.
type Server struct {
	Config
	index *index
	hub   *hub
	heavy chan struct{} // held while a request reads many messages
	older sync.Mutex    // held while the older part of the list is read from a stream
}

// heavyReads is how many requests read many messages at once. Others wait.
const heavyReads = 4

// readMany waits until a request may read many messages. It must call done.
func (s *Server) readMany(ctx context.Context) (done func(), err error) {
	select {
	case s.heavy <- struct{}{}:
		return func() { <-s.heavy }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// New returns a page that shows nothing until [Server.Run] reads the streams.
func New(c Config) *Server {
	s := &Server{Config: c, hub: newHub(), heavy: make(chan struct{}, heavyReads)}
	s.index = newIndex(func(w Summary) { s.hub.send("window", w) })
	return s
}

// Listen opens the address of the page. Its error says what to do.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the page cannot be served on %s: %w; give another address with --http HOST:PORT (port 0 takes a free one)", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("the page cannot be served on %s: %w", address, err)
	}
	return l, nil
}

// URL is what to open in a browser for a page that is served on l and asks for a token.
func URL(l net.Listener, token string) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if token != "" {
		token = "/?" + tokenName + "=" + token
	}
	return "http://" + net.JoinHostPort(host, port) + token
}

// smallBuffers accepts connections that keep little in the kernel for readers who do not
// read.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
		err = tcp.SetWriteBuffer(64 << 10)
	}
	return c, err
}

// Run follows the streams and serves the page on l until ctx ends, when it returns
// nil, or until it cannot go on. It closes l.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	if addr, ok := l.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() && s.Token == "" {
		s.Log.Warn().Str("listen", addr.String()).Msg("the page is served beyond this machine, and is shown to everybody who reaches it: it asks for no token")
	}
	web := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	group.Go(func() error { return s.follow(ctx) })
	group.Go(func() error { return s.watch(ctx) })
	group.Go(func() error {
		if err := web.Serve(smallBuffers{l}); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		// Answers that are on their way end with ctx: nothing is worth waiting for.
		return web.Close()
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
