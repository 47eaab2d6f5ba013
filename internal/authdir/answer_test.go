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

// subjectOf is a subject of each stream for a pipeline.
var subjectOf = map[string]string{events.StreamWindow: "ers.window.starlark.%s", events.StreamTrace: "ers.trace.%s.1.0", events.StreamDigest: "ers.digest.%s.1.0",
	events.StreamVerdict: "ers.verdict.pass.%s.1", events.StreamViz: "ers.viz.stability.%s.1"}

// A subject for an answer is not checked by the server. Those who live apart cannot make
// it write on a stream by one. The services can, which is known.
func TestAnswersStayApart(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant)
	admin := p.Open(t, tenant, auth.Administrator)
	for _, subject := range subjectOf {
		if _, err := admin.Append(t.Context(), fmt.Sprintf(subject, "before"), 0, []byte("there before")); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range auth.Roles() {
		if r == auth.Administrator {
			continue // it may write everywhere
		}
		t.Run(string(r), func(t *testing.T) {
			heard := make(chan *nats.Msg, 1<<16)
			witness := p.Witness(t, tenant, r)
			if _, err := witness.ChanSubscribe("ers.>", heard); err != nil {
				t.Fatal(err)
			}
			if err := witness.FlushTimeout(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			asked := askForAnswers(t, p, r)
			want := len(asked) // each is answered, in the account of who asked
			if !r.Apart() {
				want = 1 // is enough
			}
			hear(t, heard, asked, want)
			if stored := storedFor(t, admin, r); (len(stored) == 0) != r.Apart() {
				t.Errorf("stored on the streams: %v", stored)
			}
		})
	}
}

// askForAnswers sends each request that a role may send with each subject of a stream for
// its answer. Each subject is of a pipeline of its own, so that it tells whose answer comes on it.
func askForAnswers(t *testing.T, p *authtest.Place, r auth.Role) (subjects map[string]bool) {
	t.Helper()
	a := connect(t, p, r)
	subjects = make(map[string]bool)
	for _, request := range r.Publish() {
		if !strings.HasPrefix(request, "$JS.API.") {
			continue
		}
		for _, form := range subjectOf {
			for _, body := range []string{`{"seq":1}`, `{"batch":1}`, ""} {
				subject := fmt.Sprintf(form, fmt.Sprintf("%s-%d", r, len(subjects)))
				if r.MayPublish(subject) {
					continue // it could write there anyhow
				}
				subjects[subject] = true
				if err := a.PublishRequest(request, subject, []byte(body)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return subjects
}

// hear waits until a number of subjects has been heard.
func hear(t *testing.T, heard <-chan *nats.Msg, subjects map[string]bool, want int) {
	t.Helper()
	found := make(map[string]bool)
	late := time.After(30 * time.Second)
	for len(found) < want {
		select {
		case m := <-heard:
			if subjects[m.Subject] {
				found[m.Subject] = true
			}
		case <-late:
			t.Fatalf("%d of %d answers are heard in the account of who asked", len(found), want)
		}
	}
}

// storedFor are the messages on the streams' subjects that were named after a role, with
// all that the streams have got until now.
func storedFor(t *testing.T, admin *bus.Bus, r auth.Role) (subjects []string) {
	t.Helper()
	js, err := jetstream.New(admin.Conn())
	if err != nil {
		t.Fatal(err)
	}
	for stream, form := range subjectOf {
		// What comes to a stream is stored in its order: this one comes behind what is on its way.
		if _, err := admin.Append(t.Context(), fmt.Sprintf(form, "behind-"+string(r)), 0, []byte("behind")); err != nil {
			t.Fatal(err)
		}
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter("ers.>"))
		if err != nil {
			t.Fatal(err)
		}
		for subject := range info.State.Subjects {
			if strings.Contains(subject, "."+string(r)+"-") {
				subjects = append(subjects, subject)
			}
		}
	}
	return subjects
}

// Services answer to whoever asks, and on the subject that is named. That of a role that
// lives apart stays there too.
func TestAnswersOfServicesStayApart(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant)
	admin := p.Open(t, tenant, auth.Administrator)
	gate := p.Dial(t, tenant, auth.Gate).Conn()
	const subject = "ers.health.ers-gate"
	if _, err := gate.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond([]byte("well")) }); err != nil {
		t.Fatal(err)
	}
	if err := gate.FlushTimeout(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, r := range []auth.Role{auth.Submitter, auth.Viewer} {
		heard := make(chan *nats.Msg, 100)
		witness := p.Witness(t, tenant, r)
		if _, err := witness.ChanSubscribe("ers.>", heard); err != nil {
			t.Fatal(err)
		}
		if err := witness.FlushTimeout(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		answer := fmt.Sprintf(subjectOf[events.StreamVerdict], string(r)+"-1")
		if err := connect(t, p, r).PublishRequest(subject, answer, nil); err != nil {
			t.Fatal(err)
		}
		hear(t, heard, map[string]bool{answer: true}, 1)
		if stored := storedFor(t, admin, r); len(stored) > 0 {
			t.Errorf("%s: stored on the streams: %v", r, stored)
		}
	}
}
