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
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// Config says where the server is.
type Config struct {
	// URL of the server: nats://host:port, several separated by commas, or
	// context:NAME for a context of the NATS CLI ("context:" is the selected one).
	URL string

	// Server is a server in this process, in place of URL. The bus stops it on Close.
	Server Server

	// Identity is for URL.
	Identity

	// Token for a server that asks for one, where the URL has none.
	Token string

	// InboxPrefix begins the subjects on which answers are awaited, for a user who may
	// not subscribe to the usual ones. Empty is what the file with the NKey's seed says,
	// and else _INBOX.
	InboxPrefix string

	// Create makes Open create the streams that are missing. It refuses to when others
	// hold messages already, since what is missing then was lost: see [IncompleteError].
	Create bool

	// Repair makes Create create what is missing in any case. It is for who says what
	// is lost.
	Repair bool

	// Replicas that the streams are to have; 0 means 1 where they are created, and that
	// any number is right where they exist. Those that exist keep theirs: see
	// [ReplicasError].
	Replicas int

	// ReadOnly is for who only reads: no stream is created, and one that is sealed
	// serves. A stream that is missing is said by what reads it; see [ErrNoStream].
	ReadOnly bool

	// EndRefused ends what the server refuses with an error, for who waits for it. Without
	// it what goes on for ever is tried again: a service may be let later.
	EndRefused bool

	// Patience is how long a look-up or a purge that gets no answer is asked for again, as while a
	// cluster chooses a leader. 0: it is asked for once.
	Patience time.Duration

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
	where     string // what the settings say of where JetStream is; empty: nothing
	streams   map[string]jetstream.Stream
	born      map[string]time.Time // when each stream was created: one made anew is another
	missing   []string             // see Missing
	server    Server               // nil when the server is elsewhere
	readOnly  bool

	endRefused bool // see Config
	patience   time.Duration

	domain   atomic.Pointer[string] // of JetStream; nil: not known yet
	troubles troubles
	written  [maxStreams]atomic.Uint64 // messages stored, by stream

	breaks  atomic.Uint64 // how often the connection was lost
	closing sync.Once
	closed  chan struct{}
}

// Open connects to the server and checks the streams; see [SettingError]. Where some
// are missing it makes them if it may, and is an error otherwise; see Config.Create. Its
// errors are written for the person who must act; those that wrap [ErrAway] may pass. The
// first connection is tried once; a later one that breaks is tried again for ever.
func Open(ctx context.Context, c Config) (*Bus, error) {
	b := newBus(c)
	if err := b.open(ctx, c); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// minPayload is what our largest messages need: verdicts on many runs, and events with
// large values.
const minPayload = 1 << 20

func newBus(c Config) *Bus {
	return &Bus{log: c.Log, server: c.Server, readOnly: c.ReadOnly, endRefused: c.EndRefused, patience: c.Patience, closed: make(chan struct{})}
}

func (b *Bus) open(ctx context.Context, c Config) error {
	if err := b.dial(c); err != nil {
		return err
	}
	if err := b.checkServer(); err != nil {
		return err
	}
	if err := b.useJetStream(ctx); err != nil {
		return err
	}
	return b.patiently(ctx, func(ctx context.Context) error { return b.openStreams(ctx, c) })
}

// ackTimeout is how long an acknowledgement may take before an append finds out for
// itself what became of its message.
const ackTimeout = 5 * time.Second

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
	return Redact(b.nc.ConnectedUrl())
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
