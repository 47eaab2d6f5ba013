package authdir_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir/authtest"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

const tenant = "red"

// Every role that works with streams can open them.
func TestOpen(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant)
	for _, r := range auth.Roles() {
		if r == auth.Alert {
			continue // it does not need all streams
		}
		if err := p.Open(t, tenant, r).CheckStanding(t.Context()); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
}

// subjects are those that anybody could wish to publish on: of every document, of all of
// JetStream's API, of the bucket, of services, of answers and of the system.
func subjects() (list []string) {
	list = []string{
		"ers.window.starlark.p", "ers.control.cancel.p.1", "ers.control.taken.p.1", "ers.control.void", "ers.run.starlark.p.1.0",
		"ers.trace.p.1.0", "ers.digest.p.1.0", "ers.verdict.pass.p.1", "ers.verdict.fail.p.1", "ers.viz.trendpack.p.1.0", "ers.viz.stability.p.1",
		"ers.gate.pass", "ers.gate.fail", "ers.input.p", "ers.other", "other",
		"$O.ERS_OBJECTS.C.x", "$O.ERS_OBJECTS.M.x", "$O.OTHER.M.x",
		"$SRV.PING", "$SRV.PING.ers-gate", "$SRV.INFO.ers-gate", "$SRV.STATS.ers-gate", "ers.stats.ers-gate", "ers.health.ers-gate",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.red.JSZ", "$KV.x.y", "$JS.FC.ERS_TRACE.x",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.TEMPLATE.NAMES", "$JS.API.SERVER.REMOVE", "$JS.API.ACCOUNT.PURGE.red",
		"$JS.API.STREAM.CREATE.OTHER", "$JS.API.STREAM.INFO.OTHER", "$JS.API.DIRECT.GET.OTHER",
	}
	for _, s := range []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz, auth.Objects} {
		for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "INFO", "SNAPSHOT", "RESTORE", "MSG.GET", "MSG.DELETE", "PEER.REMOVE", "LEADER.STEPDOWN"} {
			list = append(list, "$JS.API.STREAM."+verb+"."+s)
		}
		list = append(list, "$JS.API.DIRECT.GET."+s, "$JS.API.DIRECT.GET."+s+".ers.trace.p.1.0", "$JS.API.CONSUMER.NAMES."+s, "$JS.API.CONSUMER.LIST."+s,
			"$JS.API.CONSUMER.CREATE."+s, "$JS.API.CONSUMER.CREATE."+s+".c.ers.x", "$JS.API.CONSUMER.DURABLE.CREATE."+s+".c", "$JS.ACK."+s+".c.1.1.1.1.1")
		for _, verb := range []string{"INFO", "DELETE", "MSG.NEXT", "PAUSE", "UNPIN", "LEADER.STEPDOWN"} {
			list = append(list, "$JS.API.CONSUMER."+verb+"."+s+".ers-coordinator-starlark")
		}
	}
	for _, r := range auth.Roles() {
		list = append(list, r.Inbox()+".x.y")
	}
	return append(list, "_INBOX.x.y", "_R_.x")
}

// filters are what anybody could wish to hear.
func filters() []string {
	list := append(subjects(), ">", "*.>", "ers.>", "$SYS.>", "$JS.>", "$O.>", "$SRV.>", "_INBOX.>", "_INBOX_viewer.*", events.WindowSubjects, events.ControlSubjects, events.VoidSubject,
		events.HandoutSubjects, events.TraceSubjects, events.DigestSubjects, events.VerdictSubjects, events.GateSubjects, events.TrendPackSubjects, events.StabilitySubjects, events.VizSubjects)
	for _, r := range auth.Roles() {
		list = append(list, r.Inbox()+".>")
	}
	return list
}

// asked is a connection that notes what is refused.
type asked struct {
	*nats.Conn
	refused chan string
}

func connect(t *testing.T, p *authtest.Place, r auth.Role) *asked {
	t.Helper()
	b := p.Dial(t, tenant, r)
	a := &asked{b.Conn(), make(chan string, 4096)}
	a.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { a.refused <- err.Error() })
	return a
}

// isRefused tells whether the server refused something about a subject before it answered
// what was sent after that.
func (a *asked) isRefused(t *testing.T, subject string) bool {
	t.Helper()
	if err := a.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	// The client tells of errors in order, on a goroutine of its own: one that the server
	// has to say for certain comes behind all others.
	const sure = "nobody.may.this"
	if err := a.Publish(sure, nil); err != nil {
		t.Fatal(err)
	}
	found := false
	for {
		select {
		case text := <-a.refused:
			if strings.Contains(text, `"`+sure+`"`) {
				return found
			}
			found = found || strings.Contains(text, `"`+subject+`"`)
		case <-time.After(10 * time.Second):
			t.Fatal("the server does not refuse " + sure)
		}
	}
}

// What the table lists works, and everything else is refused, for every role and subject.
func TestEverySubject(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant)
	for _, r := range auth.Roles() {
		t.Run(string(r), func(t *testing.T) {
			may, mayNot := 0, 0
			for _, subject := range filters() {
				a := connect(t, p, r)
				s, err := a.SubscribeSync(subject)
				if err != nil {
					t.Fatal(err)
				}
				if refused := a.isRefused(t, subject); refused == r.MaySubscribe(subject) {
					t.Errorf("subscribe to %s: refused %t", subject, refused)
				}
				_ = s.Unsubscribe()
				a.Close()
			}
			a := connect(t, p, r)
			for _, subject := range subjects() {
				if strings.HasPrefix(subject, "$JS.API.STREAM.") && r == auth.Administrator || strings.HasPrefix(subject, "_R_.") {
					continue // it may do all of it, and there would be no streams left; or nobody can try
				}
				if err := a.PublishRequest(subject, r.Inbox()+".x", []byte("{")); err != nil {
					t.Fatal(err)
				}
				if refused := a.isRefused(t, subject); refused == r.MayPublish(subject) {
					t.Errorf("publish on %s: refused %t", subject, refused)
				} else if refused {
					mayNot++
				} else {
					may++
				}
			}
			if may == 0 || mayNot == 0 {
				t.Errorf("may publish on %d subjects, not on %d", may, mayNot)
			}
		})
	}
}

// ends are the last sequences of the streams.
func ends(t *testing.T, b *bus.Bus) map[string]uint64 {
	t.Helper()
	list, err := b.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]uint64)
	for _, s := range list {
		found[s.Config.Name] = s.State.LastSeq
	}
	return found
}

// Two tenants see nothing of each other: neither live nor in streams, nor by each other's
// keys.
func TestTenants(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, "red", "blue")
	red := p.Open(t, "red", auth.Administrator)
	heard := make(chan *nats.Msg, 100)
	var blue []*bus.Bus
	for _, r := range []auth.Role{auth.Administrator, auth.Viewer, auth.Alert, auth.Submitter} {
		b := p.Dial(t, "blue", r)
		blue = append(blue, b)
		for _, subject := range r.Subscribe()[1:] { // behind its own answers
			if _, err := b.Conn().ChanSubscribe(subject, heard); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Conn().FlushTimeout(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	own := make(chan *nats.Msg, 100)
	viewer := p.Dial(t, "red", auth.Viewer)
	if _, err := viewer.Conn().ChanSubscribe(events.GateSubjects, own); err != nil {
		t.Fatal(err)
	}
	if err := viewer.Conn().FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"ers.window.starlark.p", "ers.trace.p.1.0", "ers.digest.p.1.0", "ers.verdict.fail.p.1", "ers.viz.stability.p.1"} {
		if _, err := red.Append(t.Context(), subject, 0, []byte("of red")); err != nil {
			t.Fatal(err)
		}
	}
	if m := <-own; m.Subject != "ers.gate.fail" || string(m.Data) != "of red" {
		t.Errorf("its own viewer hears %s: %s", m.Subject, m.Data)
	}
	for _, b := range blue {
		if err := b.Conn().FlushTimeout(10 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if len(heard) > 0 {
		m := <-heard
		t.Errorf("blue hears %s: %s", m.Subject, m.Data)
	}
	for _, r := range []auth.Role{auth.Administrator, auth.Viewer} {
		if found := ends(t, p.Open(t, "blue", r)); slices.Max(slices.Collect(maps.Values(found))) != 0 {
			t.Errorf("%s sees %v", r, found)
		}
	}
}
