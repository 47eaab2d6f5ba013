// Package bus is everything that the services need of NATS: a connection, the streams
// and their settings, guarded appends, ordered reading, the queue of windows, and the
// object store. Package embedded has a server for it in this process.
//
// Start at [Open], which gives a [Bus] whose streams exist and keep what we
// promise of them. Then:
//
//   - [Bus.Append] and [Bus.AppendOnce] write, [Bus.AppendAll] and a [Group] write
//     much at a time. Each message is guarded by the sequence that must be the last on
//     its subject, so that the log holds it exactly once whatever is lost, repeated or
//     run twice.
//   - [Bus.Follow] reads a stream as it grows, [Bus.Read] what is in it now;
//     [Bus.Last], [Bus.Next], [Bus.Get] and [Bus.LastSeq] look up one message.
//   - [Bus.Work] hands out requested windows, each to one coordinator at a time.
//   - [Bus.PutObject] and [Bus.GetObject] keep bulk under its SHA-256.
//
// What "written" means: an acknowledged message survives kill -9 of the server. It
// survives a power cut from the server's next sync on (every 2 minutes unless
// configured), at once with SyncAlways, and where a replica keeps its power.
//
// A Bus may be used from any goroutine.
package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"github.com/synadia-io/orbit.go/natscontext"
)

// Config says where the server is.
type Config struct {
	// URL of the server: nats://host:port, several separated by commas, or
	// context:NAME for a context of the NATS CLI ("context:" is the selected one).
	URL string

	// Server is a server in this process, in place of URL. The bus stops it on Close.
	Server Server

	// Creds is a credentials file for URL. Empty is none.
	Creds string

	// Replicas of the streams that Open creates. 0 means 1. Streams that exist keep
	// theirs.
	Replicas int

	// Name is what the server shows for this client.
	Name string

	// Log takes what the connection has to say: lost and regained connections, warnings
	// and errors. The zero value is silent.
	Log zerolog.Logger
}

// Server is a NATS server in this process; package embedded has one.
type Server interface {
	nats.InProcessConnProvider
	URL() string // where other processes reach it; empty when none can
	Stop() error // ends it, its data flushed
}

// Bus is a connection to a server whose streams are in order.
type Bus struct {
	log       zerolog.Logger
	nc        *nats.Conn
	js        jetstream.JetStream
	apiPrefix string // of the subjects of JetStream's requests
	streams   map[string]jetstream.Stream
	objects   jetstream.ObjectStore
	server    Server // nil when the server is elsewhere

	breaks  atomic.Uint64 // how often the connection was lost
	closing sync.Once
	closed  chan struct{}
}

// Open connects to the server, and creates the streams that are missing and checks those that are there; see [SettingError]. Its errors are
// written for the person who must act. The first connection is tried once; a later
// one that breaks is tried again for ever.
func Open(ctx context.Context, c Config) (*Bus, error) {
	b := &Bus{log: c.Log, closed: make(chan struct{})}
	if err := b.open(ctx, c); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// minPayload is what our largest messages need: verdicts on many runs, and events with
// large values.
const minPayload = 1 << 20

func (b *Bus) open(ctx context.Context, c Config) (err error) {
	domain := ""
	if b.server = c.Server; b.server == nil && c.URL == "" {
		return errors.New("no NATS server given: name one by its URL")
	}
	if b.server != nil {
		b.nc, err = nats.Connect("", append(b.connOptions(c), nats.InProcessServer(b.server))...)
	} else {
		b.nc, domain, err = b.connect(c)
	}
	if err != nil {
		return err
	}
	if most := b.nc.MaxPayload(); most < minPayload {
		return fmt.Errorf("the server takes messages of at most %d bytes: set its max_payload to at least %d, the default", most, minPayload)
	}
	if err := b.useJetStream(domain); err != nil {
		return err
	}
	b.streams, b.objects, err = ensureStreams(ctx, b.js, c.Replicas)
	return err
}

// ackTimeout is how long an acknowledgement may take before an append finds out for
// itself what became of its message.
const ackTimeout = 5 * time.Second

func (b *Bus) useJetStream(domain string) (err error) {
	timeout := jetstream.WithPublishAsyncTimeout(ackTimeout)
	if domain == "" {
		b.apiPrefix = jetstream.DefaultAPIPrefix
		b.js, err = jetstream.New(b.nc, timeout)
	} else {
		b.apiPrefix = "$JS." + domain + ".API."
		b.js, err = jetstream.NewWithDomain(b.nc, domain, timeout)
	}
	return err
}

// connect also returns the JetStream domain that a context names.
func (b *Bus) connect(c Config) (nc *nats.Conn, domain string, err error) {
	name, isContext := strings.CutPrefix(c.URL, "context:")
	if !isContext {
		nc, err = nats.Connect(c.URL, b.connOptions(c)...)
		return nc, "", explainConnect(c, err)
	}
	nc, settings, err := natscontext.Connect(name, b.connOptions(c)...)
	return nc, settings.JSDomain, explainConnect(c, err)
}

func (b *Bus) connOptions(c Config) []nats.Option {
	opts := []nats.Option{
		nats.Name(c.Name),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			b.breaks.Add(1)
			if err != nil { // nil is our own Close
				c.Log.Warn().Err(err).Str("server", nc.ConnectedUrlRedacted()).Msg("connection to NATS lost, reconnecting")
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			c.Log.Info().Str("server", nc.ConnectedUrlRedacted()).Msg("connected to NATS again")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			c.Log.Warn().Err(err).Msg("NATS client")
		}),
	}
	if c.Creds != "" {
		opts = append(opts, nats.UserCredentials(c.Creds))
	}
	return opts
}

func explainConnect(c Config, err error) error {
	_, unreachable := errors.AsType[net.Error](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return fmt.Errorf("the NATS server at %s does not let us in: %w; check the credentials file (--creds or NATS_CREDS)", c.URL, err)
	case unreachable, errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("no NATS server at %s: %w; check the address, or start one with `ers up`", c.URL, err)
	}
	return fmt.Errorf("connect to NATS at %s: %w", c.URL, err)
}

// Close sends what is still buffered, closes the connection, and stops the
// server that is in this process. What is in flight
// fails: appends, Follow, Read and Work should have returned.
func (b *Bus) Close() (err error) {
	b.closing.Do(func() {
		if b.nc != nil {
			// Only acknowledgements of windows can be in the buffer. Those that are
			// lost are asked for again.
			if b.nc.IsConnected() {
				_ = b.nc.FlushTimeout(time.Second)
			}
			b.nc.Close()
		}
		close(b.closed)
		if b.server != nil {
			err = b.server.Stop()
		}
	})
	return err
}

// URL is where other processes reach the server; empty when none can.
func (b *Bus) URL() string {
	if b.server != nil {
		return b.server.URL()
	}
	return b.nc.ConnectedUrlRedacted()
}

// MaxPayload is the most bytes of data that one append can carry: what the server
// takes as one message, less room for our headers.
func (b *Bus) MaxPayload() int { return int(b.nc.MaxPayload()) - headerRoom }

// headerRoom holds the names of the two guard headers, a sequence and a filter.
const headerRoom = 512

// Conn is the connection itself, for what this package does not do.
func (b *Bus) Conn() *nats.Conn { return b.nc }

// JetStream is the JetStream context of the connection.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }
