package bus_test

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// twoDomains are two servers, each with a JetStream domain of its own, that share an
// account over a leaf node.
func twoDomains(t *testing.T) (hub, leaf *bustest.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	hub = bustest.NewServer(t, func(o *server.Options) {
		o.ServerName, o.JetStreamDomain = "hub", "hub"
		o.LeafNode.Host, o.LeafNode.Port = "127.0.0.1", port
	})
	leaf = bustest.NewServer(t, func(o *server.Options) {
		o.ServerName, o.JetStreamDomain = "leaf", "leaf"
		at := &url.URL{Scheme: "nats-leaf", Host: l.Addr().String()}
		o.LeafNode.Remotes = []*server.RemoteLeafOpts{{URLs: []*url.URL{at}}}
	})
	return hub, leaf
}

// joined waits until what is published on one server is heard on the other.
func joined(t *testing.T, at, from *bus.Bus) {
	t.Helper()
	heard, err := at.Conn().SubscribeSync("joined")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if err := from.Conn().Publish("joined", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := heard.NextMsg(50 * time.Millisecond); err == nil {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("the servers do not join")
		}
	}
}

// An acknowledgement of another domain's stream is an error on every way of appending.
func TestForeignAcknowledgement(t *testing.T) {
	t.Parallel()
	hub, leaf := twoDomains(t)
	b := bustest.Connect(t, hub.URL())
	other, err := bus.Dial(bus.Config{URL: leaf.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	joined(t, b, other)
	// Here the stream is gone, so that only the other one is left to answer.
	remakeIn(t, leaf, bus.WithPromises(bus.Streams[1]))
	if err := b.JetStream().DeleteStream(t.Context(), events.StreamTrace); err != nil {
		t.Fatal(err)
	}
	check := func(what string, err error) {
		t.Helper()
		foreign, ok := errors.AsType[*bus.ForeignError](err)
		if !ok || !errors.Is(err, bus.ErrForeign) || foreign.Stream != events.StreamTrace || foreign.Domain != "leaf" || foreign.WantDomain != "hub" ||
			!strings.Contains(err.Error(), "domain leaf") || !strings.Contains(err.Error(), "domain hub") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = b.Append(t.Context(), "ers.trace.p.1.0", 0, []byte("x"))
	check("append", err)
	items := make([]bus.Item, 20)
	for i := range items {
		items[i] = bus.Item{Subject: "ers.trace.p.1.1", Data: []byte("x")}
	}
	b.AppendAll(t.Context(), items)
	check("batch", items[0].Err)
	check("batch", items[19].Err)
	for i, slow := range []bool{false, true} {
		g := b.NewGroup()
		g.SetSlow(slow)
		w := g.Writer("ers.trace.p.1."+string(rune('2'+i)), 0)
		for range 40 {
			_ = w.Append(t.Context(), []byte("x")) // Flush says it
		}
		_, err = w.Flush()
		check("group", err)
	}
	if list := b.Trouble(); len(list) != 1 || list[0].What != "write ERS_TRACE" {
		t.Errorf("troubles: %v", list)
	}
}

// The streams of another domain in the account are named when we connect.
func TestForeignStreams(t *testing.T) {
	t.Parallel()
	hub, leaf := twoDomains(t)
	b := bustest.Connect(t, hub.URL())
	other, err := bus.Dial(bus.Config{URL: leaf.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	joined(t, b, other)
	if _, err := open(t, bus.Config{URL: hub.URL()}); err != nil {
		t.Errorf("alone: %v", err)
	}
	_, err = open(t, bus.Config{URL: leaf.URL(), Create: true})
	if !errors.Is(err, bus.ErrForeign) || !strings.Contains(err.Error(), "domain leaf") || !strings.Contains(err.Error(), "ERS_") {
		t.Errorf("beside another domain's: %v", err)
	}
	js, err := jetstream.New(other.Conn())
	if err != nil {
		t.Fatal(err)
	}
	for name := range js.StreamNames(t.Context()).Name() {
		t.Errorf("stream %s was created beside another domain's", name)
	}
	if last, err := b.LastSeq(t.Context(), events.StreamWindow); last != 0 || err != nil {
		t.Errorf("looking left %d messages, %v", last, err)
	}
}
