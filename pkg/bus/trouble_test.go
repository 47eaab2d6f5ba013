package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// guarded is a server with streams, on which user "limited" may not publish on deny nor
// subscribe to denySub, and "all" may do everything.
func guarded(t *testing.T, deny, denySub string) (limited, all string) {
	t.Helper()
	permissions := &server.Permissions{Publish: &server.SubjectPermission{}, Subscribe: &server.SubjectPermission{}}
	if deny != "" {
		permissions.Publish.Deny = []string{deny}
	}
	if denySub != "" {
		permissions.Subscribe.Deny = []string{denySub}
	}
	s := bustest.NewServer(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "all", Password: "pw"}, {Username: "limited", Password: "pw", Permissions: permissions}}
	})
	at := strings.TrimPrefix(s.URL(), "nats://")
	all, limited = "nats://all:pw@"+at, "nats://limited:pw@"+at
	if _, err := open(t, bus.Config{URL: all, Create: true}); err != nil {
		t.Fatal(err)
	}
	return limited, all
}

// soon waits until a condition holds.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("not within 10 s: " + what)
		}
	}
}

// All who listen answer a question, and that nobody does is known at once.
func TestAskAll(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	ask := func() (answers int, last error) {
		for m, err := range b.AskAll(t.Context(), "ers.who", time.Minute, 100*time.Millisecond) {
			if last = err; err == nil && string(m.Data) == "me" {
				answers++
			}
		}
		return answers, last
	}
	if n, err := ask(); n != 0 || !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("of nobody: %d answers, %v", n, err)
	}
	for range 2 {
		if _, err := b.Conn().Subscribe("ers.who", func(m *nats.Msg) { _ = m.Respond([]byte("me")) }); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := ask(); n != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of two: %d answers, %v", n, err)
	}
}

// A message that the server refuses ends its append at once, with the server's words, and
// is a trouble of the bus.
func TestPublishDenied(t *testing.T) {
	t.Parallel()
	limited, all := guarded(t, "ers.trace.>", "ers.gate.fail")
	b, err := open(t, bus.Config{URL: limited})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for what, try := range map[string]func() error{
		"append": func() error { _, err := b.Append(t.Context(), "ers.trace.p.1.0", 0, []byte("x")); return err },
		"many": func() error {
			items := []bus.Item{{Subject: "ers.trace.p.1.0", Data: []byte("x")}, {Subject: "ers.trace.p.1.0", Data: []byte("y")}}
			b.AppendAll(t.Context(), items)
			return items[0].Err
		},
		"group": func() error {
			w := b.NewGroup().Writer("ers.trace.p.1.0", 0)
			if err := w.Append(t.Context(), []byte("x")); err != nil {
				return err
			}
			_, err := w.Flush()
			return err
		},
		"ask": func() (err error) {
			for _, err = range b.AskAll(t.Context(), "ers.trace.p.1.0", time.Minute, time.Minute) {
			}
			return err
		},
		"hear": func() error { _, err := b.Hear("ers.gate.fail", make(chan *nats.Msg, 1)); return err },
	} {
		err := try()
		refused, ok := errors.AsType[*bus.RefusedError](err)
		if !ok || !strings.Contains(err.Error(), "Permissions Violation for ") || !strings.Contains(err.Error(), "let this user ") || refused.Subject != "ers.trace.p.1.0" && refused.Subject != "ers.gate.fail" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if took := time.Since(began); took > 4*time.Second { // an acknowledgement is waited for 5 s
		t.Errorf("it took %v", took)
	}
	if list := b.Trouble(); len(list) != 1 || list[0].What != "write ERS_TRACE" || !strings.Contains(list[0].String(), `Permissions Violation for Publish to "ers.trace.p.1.0"`) {
		t.Errorf("troubles: %v", list)
	}
	// What is allowed works, and does not hide the trouble.
	if _, err := b.Append(t.Context(), "ers.digest.p.1.0", 0, []byte("x")); err != nil || len(b.Trouble()) != 1 {
		t.Errorf("another stream: %v, %v", err, b.Trouble())
	}
	if stop, err := b.Hear("ers.gate.pass", make(chan *nats.Msg, 1)); err != nil || stop() != nil {
		t.Errorf("another subject: %v", err)
	}
	other, err := open(t, bus.Config{URL: all})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Append(t.Context(), "ers.trace.p.1.0", 0, []byte("x")); err != nil || len(other.Trouble()) != 0 {
		t.Errorf("who may: %v, %v", err, other.Trouble())
	}
}

// Where rights are missing on the API or for the answers, the error says that at once, in
// the server's words.
func TestRequestsDenied(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ deny, denySub, want string }{
		{"$JS.API.STREAM.INFO.>", "", "let this user publish on $JS.API.STREAM.INFO.ERS_WINDOW"},
		{"$JS.API.>", "", "let this user publish on $JS.API.STREAM.INFO.ERS_WINDOW"},
		{"", "_INBOX.>", "--inbox-prefix"},
		{"$JS.API.STREAM.MSG.GET.>", "", "let this user publish on $JS.API.STREAM.MSG.GET.ERS_TRACE"},
		{"$JS.API.DIRECT.GET.>", "", "let this user publish on $JS.API.DIRECT.GET.ERS_WINDOW"},
		{"$JS.API.CONSUMER.CREATE.>", "", "let this user publish on $JS.API.CONSUMER.CREATE.ERS_TRACE."},
	} {
		t.Run(test.deny+test.denySub, func(t *testing.T) {
			t.Parallel()
			limited, _ := guarded(t, test.deny, test.denySub)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			began := time.Now()
			b, err := bus.Open(ctx, bus.Config{URL: limited, Name: t.Name()})
			if err == nil {
				defer b.Close()
				if _, err = b.Last(ctx, events.StreamTrace, "ers.trace.p.1.0"); errors.Is(err, bus.ErrNotFound) {
					for _, stream := range []string{events.StreamTrace, events.StreamWindow} {
						go func() { _ = b.Follow(ctx, stream, "", 1, func(bus.Message) error { return nil }) }()
					}
					soon(t, "trouble", func() bool { return len(b.Trouble()) > 0 })
					err = b.Trouble()[0].Err
				}
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "Permissions Violation for ") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 4*time.Second { // a request waits for 5 s
				t.Errorf("it took %v", took)
			}
		})
	}
	limited, _ := guarded(t, "", "_INBOX.>")
	if _, err := open(t, bus.Config{URL: limited, InboxPrefix: "_mine.x"}); err != nil {
		t.Errorf("with a prefix of its own: %v", err)
	}
}

// A subject that the account maps elsewhere, a full account and a sealed stream are told
// as what they are.
func TestAppendTroubles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*testing.T, *server.Account, *bus.Bus)
		want  string
	}{
		"mapped": {func(t *testing.T, a *server.Account, _ *bus.Bus) {
			if err := a.AddMapping("ers.trace.>", "elsewhere.>"); err != nil {
				t.Fatal(err)
			}
		}, "maps this subject elsewhere"},
		"full": {func(t *testing.T, a *server.Account, _ *bus.Bus) {
			if err := a.UpdateJetStreamLimits(map[string]server.JetStreamAccountLimits{"": {MaxMemory: -1, MaxStore: 1, MaxStreams: -1, MaxConsumers: -1}}); err != nil {
				t.Fatal(err)
			}
		}, "is full: make room"},
		"sealed": {func(t *testing.T, _ *server.Account, b *bus.Bus) {
			c := bus.WithPromises(bus.Streams[1])
			c.Sealed = true
			if _, err := b.JetStream().UpdateStream(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}, "is sealed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bustest.NewServer(t)
			b := bustest.Connect(t, s.URL())
			test.spoil(t, s.Account(), b)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				last, err := uint64(0), error(nil)
				for err == nil { // until it is full
					last, err = b.Append(ctx, shortTrace, last, bytes.Repeat([]byte("x"), 1000))
				}
				done <- err
			}()
			soon(t, "trouble", func() bool { return len(b.Trouble()) > 0 })
			if got := b.Trouble()[0]; got.What != "write ERS_TRACE" || !strings.Contains(got.String(), test.want) {
				t.Errorf("trouble: %v", got)
			}
			cancel()
			if err := <-done; err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("append: %v", err)
			}
		})
	}
}

// Pauses grow as long as nothing gets done, and the same reason is logged once.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := bustest.NewServer(t)
	b, err := open(t, bus.Config{URL: s.URL(), Create: true, Log: zerolog.New(&log).Level(zerolog.WarnLevel)})
	if err != nil {
		t.Fatal(err)
	}
	c := bus.WithPromises(bus.Streams[2])
	c.Sealed = true
	if _, err := b.JetStream().UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	calls := 0
	err = b.Persist(ctx, "hasher", func(ctx context.Context) error {
		calls++ // that is, the trace is read again
		_, err := b.Append(ctx, "ers.digest.p.1.0", 0, []byte("x"))
		return err
	})
	if err != nil || calls != 1 {
		t.Errorf("a sealed stream: %d calls, %v", calls, err)
	}
	if list := b.Trouble(); len(list) != 1 || list[0].What != "write ERS_DIGEST" {
		t.Errorf("troubles: %v", list)
	}

	ctx, cancel = context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	var at []time.Time
	_ = b.Persist(ctx, "test", func(context.Context) error {
		at = append(at, time.Now())
		return fmt.Errorf("no luck at sequence %d", len(at))
	})
	if len(at) != 3 || at[1].Sub(at[0]) < time.Second || at[2].Sub(at[1]) < 2*time.Second {
		t.Errorf("tried at %v", at)
	}
	if n := strings.Count(log.String(), "no luck"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
}
