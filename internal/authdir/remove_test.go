package authdir_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir/authtest"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// The server takes what it sends itself, an answer or what a consumer delivers, for a request
// of the account in which it sends it, so that a subject for an answer can be one that removes
// a stream. Those who live apart can remove nothing that way, and nobody anything of another
// tenant, not even with a message that says of itself who asks. The services can remove
// streams of their own tenant, which is known.
func TestAnswersRemoveNothing(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant, "blue")
	red, blue := p.Open(t, tenant, auth.Administrator), p.Open(t, "blue", auth.Administrator)
	fill(t, red, "blue")
	fill(t, blue, tenant)
	for _, r := range auth.Roles() {
		if r.Apart() {
			haveRemoved(t, p, r)
			_ = storedFor(t, red, r) // what was asked for before is done
			if lost := lost(t, red); len(lost) > 0 {
				t.Errorf("%s: lost %v", r, lost)
			}
		}
	}
	for _, r := range []auth.Role{auth.Coordinator, auth.Hasher, auth.Gate} {
		haveRemoved(t, p, r)
	}
	for deadline := time.Now().Add(30 * time.Second); len(lost(t, red)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("services cannot remove streams any more: say so in docs/security.md, and hold them to it here")
		}
	}
	_ = storedFor(t, blue, auth.Gate)
	if lost := lost(t, blue); len(lost) > 0 {
		t.Errorf("blue lost %v", lost)
	}
}

// fill puts into each stream a message that says that it is a request of another account.
func fill(t *testing.T, b *bus.Bus, account string) {
	t.Helper()
	who := fmt.Sprintf(`{"acc":%q,"svc":%q,"user":"administrator","kind":"Client"}`, account, account)
	for stream, subject := range subjectOf {
		m := &nats.Msg{Subject: fmt.Sprintf(subject, "kept"), Header: nats.Header{"Nats-Request-Info": {who}}}
		if _, err := b.Conn().RequestMsg(m, 10*time.Second); err != nil {
			t.Fatal(stream, err)
		}
	}
}

// haveRemoved has the server send on subjects that remove, in all ways that a role has.
func haveRemoved(t *testing.T, p *authtest.Place, r auth.Role) {
	t.Helper()
	a := connect(t, p, r)
	for i, target := range []string{"DELETE." + events.StreamViz, "PURGE." + events.StreamTrace, "PURGE." + events.StreamDigest} {
		target = "$JS.API.STREAM." + target
		for _, request := range r.Publish() {
			if !strings.HasPrefix(request, "$JS.API.") {
				continue
			}
			if err := a.PublishRequest(request, target, []byte(`{"seq":1}`)); err != nil {
				t.Fatal(err)
			}
		}
		for stream := range subjectOf {
			name := fmt.Sprintf("%s-%d", r, i)
			body := fmt.Sprintf(`{"stream_name":%q,"config":{"name":%q,"deliver_subject":%q,"deliver_policy":"all","ack_policy":"none","replay_policy":"instant"}}`, stream, name, target)
			if err := a.PublishRequest("$JS.API.CONSUMER.CREATE."+stream+"."+name, r.Inbox()+".x", []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// lost are the streams that are not there, or not whole.
func lost(t *testing.T, b *bus.Bus) (list []string) {
	t.Helper()
	js, err := jetstream.New(b.Conn())
	if err != nil {
		t.Fatal(err)
	}
	for stream := range subjectOf {
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			list = append(list, fmt.Sprint(stream, ": ", err))
		} else if state := s.CachedInfo().State; state.FirstSeq != 1 || state.NumDeleted != 0 || state.Msgs == 0 {
			list = append(list, fmt.Sprintf("%s: %+v", stream, state))
		}
	}
	return list
}
