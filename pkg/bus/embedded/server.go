// Package embedded is a NATS server with JetStream in this process, and the bus on it:
// what `ers run` and `ers up` work on when no other server is named. A program that talks
// to a server elsewhere imports package bus alone, and links no server.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Config is a bus and the server for it. The zero value is a server in a temporary
// folder, reachable from this process only.
type Config struct {
	// Config of the bus. Where its URL is set, no server is started. Where one is, the
	// streams are created, unless they are to be read alone.
	bus.Config

	// StoreDir is where the server keeps its data. It is made when missing and held by
	// one process at a time. Empty is a temporary folder that Stop removes.
	StoreDir string

	// Listen is the host:port that the server listens on for others; port 0 takes a
	// free one. Empty is none: only this process reaches the server.
	Listen string

	// SyncAlways makes the server sync to disk before each acknowledgement. Every
	// append is then safe against a power cut, and costs an fsync.
	SyncAlways bool

	maxPayload int32 // most bytes of a message; 0: the server's own
}

// Open starts a server, unless c names one by its URL, and opens the bus on it. The
// server stops when the bus is closed.
func Open(ctx context.Context, c Config) (*bus.Bus, error) {
	if c.URL == "" {
		if err := refuseArchive(c.StoreDir); err != nil {
			return nil, err
		}
		s, err := Start(c)
		if err != nil {
			return nil, err
		}
		c.Server, c.Create = s, !c.ReadOnly
	}
	return bus.Open(ctx, c.Config)
}

// refuseArchive makes sure that nothing is written into an archive, which would no longer be
// what its manifest says.
func refuseArchive(dir string) error {
	if dir == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, events.ArchiveName)); err != nil {
		return nil
	}
	return fmt.Errorf("%s is an archive, and is for reading alone: take another folder as the store", dir)
}

// Server is a running server.
type Server struct {
	*server.Server
	lock   *os.File // held while the server uses its folder
	remove string   // temporary folder to remove when stopped, or ""
}

// Start starts a server on c.StoreDir and waits until it takes connections.
func Start(c Config) (e *Server, err error) {
	e = &Server{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Stop())
			e = nil
		}
	}()

	if err := CheckListen(c.Listen); err != nil {
		return e, err
	}
	dir := c.StoreDir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "ers-"); err != nil {
			return e, fmt.Errorf("temporary folder for the embedded NATS server: %w", err)
		}
		e.remove = dir
	}
	if e.lock, err = lockStore(dir); err != nil {
		return e, err
	}
	opts, err := serverOptions(c, dir)
	if err != nil {
		return e, err
	}
	if e.Server, err = server.NewServer(opts); err != nil {
		return e, fmt.Errorf("embedded NATS server: %w", err)
	}
	log := &serverLog{log: c.Log}
	e.SetLoggerV2(log, false, false, false)
	e.Start()
	if err := log.fatalError(); err != nil {
		return e, fmt.Errorf("embedded NATS server with its data in %s: %w", dir, err)
	}
	if !e.ReadyForConnections(10 * time.Second) {
		return e, fmt.Errorf("embedded NATS server with its data in %s is not ready after 10 s", dir)
	}
	if addr, ok := e.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() && c.Token == "" {
		c.Log.Warn().Str("listen", addr.String()).Msg("the NATS server listens beyond this machine, and lets in everybody who reaches it: there is no password")
	}
	return e, nil
}

// CheckListen makes sure that a server can listen on host:port, "" for none, before anything is
// made that would stay behind where it cannot.
func CheckListen(listen string) error {
	if listen == "" {
		return nil
	}
	if _, _, err := hostPort(listen); err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("the server cannot listen on %s: %w; name another address with --listen HOST:PORT, port 0 for a free one", listen, err)
	}
	return l.Close()
}

// hostPort takes an address to listen on apart.
func hostPort(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q is not host:port: %w", listen, err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: the port is not a number from 0 to 65535", listen)
	}
	return host, int(n), nil
}

func serverOptions(c Config, dir string) (*server.Options, error) {
	o := &server.Options{
		ServerName:             "ers",
		DontListen:             c.Listen == "",
		Authorization:          c.Token,
		JetStream:              true,
		StoreDir:               dir,
		SyncAlways:             c.SyncAlways,
		MaxPayload:             c.maxPayload,
		DisableJetStreamBanner: true,
		NoSigs:                 true, // signals are the program's
		NoLog:                  true, // SetLoggerV2 comes instead
	}
	if c.Listen == "" {
		return o, nil
	}
	var err error
	if o.Host, o.Port, err = hostPort(c.Listen); err != nil {
		return nil, err
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	return o, nil
}

// URL is where other processes reach the server; empty when none can.
func (e *Server) URL() string {
	if addr := e.Addr(); addr != nil {
		return e.ClientURL()
	}
	return ""
}

// Stop ends the server, its data flushed, and gives its folder free. A temporary folder
// is removed.
func (e *Server) Stop() error {
	if e.Server != nil {
		e.Shutdown()
		e.WaitForShutdown()
	}
	var err error
	if e.lock != nil {
		err = e.lock.Close()
	}
	if e.remove != "" {
		err = errors.Join(err, os.RemoveAll(e.remove))
	}
	return err
}

// lockStore makes the folder and locks it. Two servers on one folder would ruin its
// streams. The operating system drops the lock when the process ends, however it
// ends.
func lockStore(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("data folder of the embedded NATS server: %w", err)
	}
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("data folder of the embedded NATS server: %w", err)
	}
	if err := lockOrClose(f, dir, true); err != nil {
		return nil, err
	}
	return f, nil
}

// lockForReading makes sure that no process of ours writes in a folder until the file
// that it returns is closed. It is nil when none ever has.
func lockForReading(dir string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	if err := lockOrClose(f, dir, false); err != nil {
		return nil, err
	}
	return f, nil
}

// lockOrClose locks the lock file of a folder. The file is closed after an error.
func lockOrClose(f *os.File, dir string, exclusive bool) error {
	err := tryLock(f, exclusive)
	if err == nil {
		return nil
	}
	f.Close()
	if errors.Is(err, errLocked) {
		return fmt.Errorf("data folder %s is in use by another process: connect to that one (--nats URL; `--nats context:ers` leads to the server of `ers up`), stop it, or take another folder", dir)
	}
	return fmt.Errorf("lock %s: %w", f.Name(), err)
}

// lockName is the file in a store that its process locks.
const lockName = "store.lock"

var errLocked = errors.New("locked by another process")

// serverLog passes on what an operator must know and drops the rest. The server's
// fatal errors do not end our process: they are kept for startServer.
type serverLog struct {
	log   zerolog.Logger
	mu    sync.Mutex
	fatal error
}

func (l *serverLog) Warnf(format string, v ...any) {
	l.log.Warn().Msgf("NATS server: "+format, v...)
}

func (l *serverLog) Errorf(format string, v ...any) {
	l.log.Error().Msgf("NATS server: "+format, v...)
}

func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fatal = fmt.Errorf(format, v...)
}

func (l *serverLog) fatalError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Debugf(string, ...any)  {}
func (l *serverLog) Tracef(string, ...any)  {}
