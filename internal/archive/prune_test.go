package archive

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// Pruned windows are gone but for request, verdict and tombstone; what others need stays, and
// nothing is run or judged again, whatever is started anew.
func TestPrune(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	two := s.window("p", "two", "both")
	_, key, err := client.Get(t.Context(), s.bus, one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Cancel(t.Context(), s.bus, key, "too late"); err != nil {
		t.Fatal(err)
	}
	a, dir := s.archive(Choice{Windows: []uint64{one}})
	done, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
	if err != nil || len(done.Windows) != 1 || done.Objects != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	s.wantObjects("contexts", "two", "both")
	if n := s.messages(one); n != 0 {
		t.Errorf("%d messages of window %d are left", n, one)
	}
	if s.messages(two) == 0 {
		t.Error("the other window is gone")
	}
	if err := a.Check(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
	again, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
	if err != nil || len(again.Windows) != 0 || again.Already != 1 || again.Objects != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	s.window("p", "two", "both") // by the same services
	stop()
	// The queue gives every window out again.
	s.everythingAgain()
	stop = s.services()
	three := s.window("p", "two", "both")
	stop()
	if n := s.messages(one); n != 0 {
		t.Errorf("%d messages of window %d are there again", n, one)
	}
	if _, out, err := Write(t.Context(), s.bus, filepath.Join(t.TempDir(), "b"), Choice{Windows: []uint64{one}}, nil); !errors.Is(err, ErrNone) || !strings.Contains(fmt.Sprint(out), "archived already") {
		t.Errorf("archived twice: %v, %v", out, err)
	}
	c, _ := s.archive(Choice{Before: three + 1})
	if len(c.Windows) != 3 {
		t.Errorf("%+v", c.Windows)
	}
	auditOf(t, s.bus, "the rest")
}

// everythingAgain removes the consumers of the coordinators, so that every request and cancel
// is handed out again.
func (s *site) everythingAgain() {
	stream, err := s.bus.JetStream().Stream(s.t.Context(), events.StreamWindow)
	if err != nil {
		s.t.Fatal(err)
	}
	removed := 0
	names := stream.ConsumerNames(s.t.Context())
	for name := range names.Name() {
		if err := stream.DeleteConsumer(s.t.Context(), name); err != nil {
			s.t.Fatal(err)
		}
		removed++
	}
	if removed == 0 || names.Err() != nil {
		s.t.Fatalf("%d consumers removed, %v", removed, names.Err())
	}
}

// cut runs a prune that ends before its n-th step, and tells whether it had so many.
func (s *site) cut(a *Archive, dir string, n int) bool {
	broken := errors.New("broken")
	p := &pruner{ctx: s.t.Context(), bus: s.bus, archive: a, place: dir, step: func(string) error {
		if n--; n < 0 {
			return broken
		}
		return nil
	}}
	_, err := p.run()
	if err != nil && !errors.Is(err, broken) {
		s.t.Fatal(err)
	}
	return errors.Is(err, broken)
}

// A prune that ends at any step has lost nothing, is no reason for any service to do anything
// again, and is finished by the next.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	steps := 0
	for more := true; more; steps += testsize.Sample(4, 1) {
		s := newSite(t)
		stop := s.services()
		one, two := s.window("p", "one", s.list), s.window("p", "two", "both")
		stop()
		a, dir := s.archive(Choice{Before: two + 1})
		more = s.cut(a, dir, steps)
		s.everythingAgain()
		stop = s.services()
		three := s.window("p", "two", "both")
		stop()
		auditOf(t, s.bus, fmt.Sprint("before step ", steps))
		if err := a.Check(t.Context(), nil, nil); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); err != nil {
				t.Fatalf("again after step %d: %v", steps, err)
			}
		}
		if n := s.messages(one) + s.messages(two); n != 0 || s.messages(three) == 0 {
			t.Errorf("after step %d %d messages are left, of window %d %d", steps, n, three, s.messages(three))
		}
		s.wantObjects("contexts", "two", "both")
		r := auditOf(t, s.bus, "the rest")
		if r.Outcome != events.Pass || len(r.Archived) != 2 {
			t.Errorf("%s", r.AppendText(nil))
		}
	}
	if steps < 12 {
		t.Errorf("%d steps", steps)
	}
}

// Bounds free no more than they must, the oldest first.
func TestBounds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one, two, three := s.window("p", "one", s.list), s.window("p", "two", "both"), s.window("p", "two", "both")
	stop()
	a, dir := s.archive(Choice{Before: two + 1})
	nothing, err := Prune(t.Context(), s.bus, a, dir, Bounds{MaxBytes: 1 << 40, Before: time.Unix(1, 0)})
	if err != nil || len(nothing.Windows) != 0 || nothing.Kept != 2 || nothing.OverSize {
		t.Fatalf("%+v, %v", nothing, err)
	}
	some, err := Prune(t.Context(), s.bus, a, dir, Bounds{MaxBytes: nothing.Bytes - 1})
	if err != nil || fmt.Sprint(some.Windows) != fmt.Sprint([]uint64{one}) || some.OverSize || some.Bytes >= nothing.Bytes {
		t.Errorf("%+v, %v", some, err)
	}
	all, err := Prune(t.Context(), s.bus, a, dir, Bounds{MaxBytes: 1})
	if err != nil || fmt.Sprint(all.Windows) != fmt.Sprint([]uint64{two}) || !all.OverSize {
		t.Errorf("%+v, %v", all, err)
	}
	if s.messages(three) == 0 {
		t.Error("a window that is not archived was freed")
	}
	b, dir := s.archive(Choice{Windows: []uint64{three}})
	old, err := Prune(t.Context(), s.bus, b, dir, Bounds{Before: time.Now().Add(time.Hour)})
	if err != nil || len(old.Windows) != 1 {
		t.Errorf("%+v, %v", old, err)
	}
}

// A stream from before, which lets nothing be purged, is said by name, and nothing is done.
func TestDenyPurge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	a, dir := s.archive(Choice{Before: one + 1})
	stream, err := s.bus.JetStream().Stream(t.Context(), events.StreamViz)
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.DenyPurge = true
	if _, err := s.bus.JetStream().UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); !errors.Is(err, bus.ErrDenyPurge) || !strings.Contains(err.Error(), events.StreamViz) {
		t.Errorf("%v", err)
	}
	if last, err := s.bus.LastSeq(t.Context(), events.StreamWindow); last != one || err != nil {
		t.Errorf("ERS_WINDOW ends with %d, %v", last, err)
	}
}

// As long as a window runs no object is freed.
func TestRunningKeepsObjects(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	a, dir := s.archive(Choice{Before: one + 1})
	key, err := client.Request(t.Context(), s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: "test", Pipeline: "p",
		DefinitionSHA256: s.objects["one"], ContextsSHA256: s.objects["contexts"], Runs: 3, Ticks: 4, Reproduce: s.objects[s.list]})
	if err != nil {
		t.Fatal(err)
	}
	done, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
	if err != nil || len(done.Windows) != 1 || done.Objects != 0 || !strings.Contains(done.Waiting, fmt.Sprint("window ", key.Window)) {
		t.Errorf("%+v, %v", done, err)
	}
	s.wantObjects("contexts", "one", "two", "both", "inner", s.list)
}

// What a window that came meanwhile needs is put back, with what that names; by the next prune, where one is
// interrupted.
func TestPutBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	a, dir := s.archive(Choice{Before: one + 1})
	p := &pruner{ctx: t.Context(), bus: s.bus, archive: a, place: dir}
	asked, interrupted, broken := false, false, errors.New("broken")
	p.step = func(step string) error {
		if strings.HasPrefix(step, "object ") && !asked {
			asked = true
			_, err := client.Request(t.Context(), s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: "test", Pipeline: "p",
				DefinitionSHA256: s.objects["one"], ContextsSHA256: s.objects["contexts"], Runs: 3, Ticks: 4, Reproduce: s.objects[s.list]})
			return err
		}
		if strings.HasPrefix(step, "put back ") && !interrupted {
			interrupted = true
			return broken
		}
		return nil
	}
	if done, err := p.run(); !errors.Is(err, broken) || !asked {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); err != nil || done.Waiting == "" {
		t.Errorf("again: %+v, %v", done, err)
	}
	s.wantObjects("contexts", "one", "two", "both", s.list, "inner")
}
