package authdir_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir/authtest"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Who is alarmed hears each verdict as it is recorded, and looks up what it missed.
func TestAlarms(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, tenant)
	admin, alert := p.Open(t, tenant, auth.Administrator), p.Open(t, tenant, auth.Alert)
	record := func(window uint64) {
		if _, err := admin.Append(t.Context(), events.VerdictSubject(events.Fail, "p", window), 0, []byte("fail")); err != nil {
			t.Fatal(err)
		}
	}
	record(1)
	heard := make(chan *nats.Msg, 10)
	stop, err := alert.Hear(events.GateSubject(events.Fail), heard)
	if err != nil {
		t.Fatal(err)
	}
	record(2)
	if m := <-heard; string(m.Data) != "fail" || m.Header.Get(nats.JSSequence) != "2" || stop() != nil {
		t.Errorf("heard %v", m)
	}
	enough := errors.New("enough")
	var seqs []uint64
	err = alert.Follow(t.Context(), events.StreamVerdict, "", 1, func(m bus.Message) error {
		if seqs = append(seqs, m.Seq); m.Seq == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || len(seqs) != 2 {
		t.Errorf("read %v, %v", seqs, err)
	}
}
