package bus_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// open opens a bus and closes it when the test ends.
func open(t *testing.T, c bus.Config) (*bus.Bus, error) {
	t.Helper()
	b, err := bus.Open(t.Context(), c)
	if err == nil {
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return b, err
}

// Nothing is created unless it is asked for.
func TestOpenCreatesNothing(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	_, err := open(t, bus.Config{URL: s.URL()})
	if !errors.Is(err, bus.ErrNoStream) || !errors.Is(err, bus.ErrAway) || !strings.Contains(err.Error(), "ERS_WINDOW, ERS_TRACE") || !strings.Contains(err.Error(), "`ers streams create`") {
		t.Errorf("nothing is there: %v", err)
	}
	reader, err := open(t, bus.Config{URL: s.URL(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.LastSeq(t.Context(), events.StreamTrace); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("read what is not there: %v", err)
	}
	for range reader.JetStream().StreamNames(t.Context()).Name() {
		t.Error("a stream was created")
	}
	if _, err := open(t, bus.Config{URL: s.URL(), Create: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, bus.Config{URL: s.URL()}); err != nil {
		t.Errorf("all is there: %v", err)
	}
}

// What is missing beside what is full is not made anew in silence.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	b := bustest.Connect(t, s.URL())
	put(t, b, shortTrace, 2)
	if err := b.JetStream().DeleteStream(t.Context(), events.StreamWindow); err != nil {
		t.Fatal(err)
	}
	for _, create := range []bool{true, false} {
		_, err := open(t, bus.Config{URL: s.URL(), Create: create})
		found, ok := errors.AsType[*bus.IncompleteError](err)
		if !ok || len(found.Missing) != 1 || found.Missing[0] != events.StreamWindow || found.Full[0] != events.StreamTrace || !strings.Contains(err.Error(), "ers repair") {
			t.Errorf("create %t: %v", create, err)
		}
	}
	if _, err := open(t, bus.Config{URL: s.URL(), Create: true, Repair: true}); err != nil {
		t.Errorf("repair: %v", err)
	}
}

// How many replicas are asked for and how many there are is compared.
func TestReplicas(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	if _, err := open(t, bus.Config{URL: s.URL(), Create: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, bus.Config{URL: s.URL(), Create: true, Replicas: 1}); err != nil {
		t.Errorf("as asked for: %v", err)
	}
	_, err := open(t, bus.Config{URL: s.URL(), Create: true, Replicas: 3})
	if found, ok := errors.AsType[*bus.ReplicasError](err); !ok || found.Found != 1 || found.Want != 3 || !strings.Contains(err.Error(), "`nats stream edit ERS_WINDOW --replicas 3`") {
		t.Errorf("fewer than asked for: %v", err)
	}
}

// Another stream on our subjects is named.
func TestStreamInTheWay(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	b := bustest.Connect(t, s.URL())
	other := bus.WithPromises(bus.Streams[1])
	if err := b.JetStream().DeleteStream(t.Context(), other.Name); err != nil {
		t.Fatal(err)
	}
	other.Name = "OTHER"
	if _, err := b.JetStream().CreateStream(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, bus.Config{URL: s.URL(), Create: true})
	if err == nil || !strings.Contains(err.Error(), "stream OTHER takes messages on ") {
		t.Errorf("got %v", err)
	}
}

// A server that is too old is named before a stream is made.
func TestOldServer(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	p.Replace(bustest.ToClient, `"version":"`+server.VERSION+`"`, `"version":"2.11.9"`)
	_, err := open(t, bus.Config{URL: p.URL(), Create: true})
	if err == nil || !strings.Contains(err.Error(), "nats-server 2.11.9, which is too old: at least 2.12 is needed") {
		t.Errorf("got %v", err)
	}
	b, err := open(t, bus.Config{URL: s.URL(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for range b.JetStream().StreamNames(t.Context()).Name() {
		t.Error("a stream was created")
	}
}

// No message and no log line shows a password or a token.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t, func(o *server.Options) { o.Authorization = "right" })
	at := strings.TrimPrefix(s.URL(), "nats://")
	for _, url := range []string{
		"nats://user:s3cret@" + at,
		"nats://s3cret@" + at,
		"nats://user:s3cret@127.0.0.1:1",
		"nats://s3cret@127.0.0.1:1,nats://user:s3cret@127.0.0.1:2",
		"nats://user:s3c/s3cret@127.0.0.1:1",
		"nats://user:s3cret%zz@" + at,
		"nats://user:@s3cret@" + at,
		"user:s3cret@127.0.0.1:1",
		"tls://user:s3cret@" + at,
		"nats://user:s3c ret@" + at,
		"nats://user:s3c,ret@" + at,
		"user: s3c\"ret@" + at,
	} {
		var log bytes.Buffer
		_, err := open(t, bus.Config{URL: url, Log: zerolog.New(&log)})
		if err == nil || strings.Contains(err.Error(), "s3c") || strings.Contains(log.String(), "s3c") {
			t.Errorf("%s: %v\n%s", url, err, log.String())
		}
	}
	b, err := open(t, bus.Config{URL: "nats://right@" + at, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.URL(), "right") {
		t.Errorf("the URL to show is %s", b.URL())
	}
	if _, err := open(t, bus.Config{URL: "nats://" + at, Token: "right"}); err != nil {
		t.Errorf("token beside the URL: %v", err)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nats://h:1": "nats://h:1",
		"dial nats://token@h:1, nats://u:p@w@h2 and \"tls://u:p@h\": no": "dial nats://xxxxx@h:1, nats://u:xxxxx@h2 and \"tls://u:xxxxx@h\": no",
		"mail a@b": "mail a@b",
	} {
		if got := bus.Redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
