package bus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// remake makes a stream anew as someone else might have.
func remake(t *testing.T, b *bus.Bus, c jetstream.StreamConfig) {
	t.Helper()
	if err := b.JetStream().DeleteStream(t.Context(), c.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := b.JetStream().CreateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// Every setting that a promise rests on, changed one at a time.
func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	for _, test := range []struct {
		setting string
		stream  int
		change  func(c *jetstream.StreamConfig)
	}{
		{"subjects", 0, func(c *jetstream.StreamConfig) { c.Subjects = []string{"ers.window.>"} }},
		{"storage", 1, func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }},
		{"persist_mode", 1, func(c *jetstream.StreamConfig) {
			c.PersistMode, c.AllowAtomicPublish = jetstream.AsyncPersistMode, false
		}},
		{"retention", 0, func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }},
		{"max_age", 1, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }},
		{"max_msgs", 1, func(c *jetstream.StreamConfig) { c.MaxMsgs = 1000 }},
		{"max_bytes", 1, func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 30 }},
		{"max_msgs_per_subject", 2, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }},
		{"max_msg_size", 2, func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 }},
		{"allow_msg_ttl", 3, func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }},
		{"allow_rollup_hdrs", 3, func(c *jetstream.StreamConfig) { c.AllowRollup, c.DenyPurge = true, false }},
		{"deny_delete", 3, func(c *jetstream.StreamConfig) { c.DenyDelete = false }},
		{"deny_purge", 3, func(c *jetstream.StreamConfig) { c.DenyPurge = false }},
		{"no_ack", 3, func(c *jetstream.StreamConfig) { c.NoAck = true }},
		{"mirror", 0, func(c *jetstream.StreamConfig) {
			c.Subjects, c.Mirror = nil, &jetstream.StreamSource{Name: events.StreamDigest}
		}},
		{"sources", 0, func(c *jetstream.StreamConfig) { c.Sources = []*jetstream.StreamSource{{Name: events.StreamDigest}} }},
		{"subject_transform", 0, func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "ers.window.*", Destination: "w.{{wildcard(1)}}"}
		}},
		{"allow_direct", 2, func(c *jetstream.StreamConfig) { c.AllowDirect = false }},
		{"allow_atomic", 1, func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }},
		{"republish", 3, func(c *jetstream.StreamConfig) { c.RePublish = nil }},
		{"republish", 3, func(c *jetstream.StreamConfig) { c.RePublish.HeadersOnly = true }},
	} {
		t.Run(test.setting, func(t *testing.T) {
			good := bus.WithPromises(bus.Streams[test.stream])
			bad := good
			if good.RePublish != nil {
				republish := *good.RePublish
				bad.RePublish = &republish
			}
			test.change(&bad)
			remake(t, b, bad)
			_, err := b.OpenStreams(t.Context(), bus.Config{Create: true})
			wrong, ok := errors.AsType[*bus.SettingError](err)
			if !ok || wrong.Stream != good.Name || (wrong.Setting != test.setting && test.setting != "mirror") {
				t.Errorf("got %v", err)
			}
			remake(t, b, good)
			if _, err := b.OpenStreams(t.Context(), bus.Config{Create: true}); err != nil {
				t.Errorf("as it should be: %v", err)
			}
		})
	}
}

func TestSealedStream(t *testing.T) {
	b := bustest.Open(t)
	c := bus.WithPromises(bus.Streams[2])
	c.Sealed = true
	if _, err := b.JetStream().UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	_, err := b.OpenStreams(t.Context(), bus.Config{Create: true})
	if wrong, ok := errors.AsType[*bus.SettingError](err); !ok || wrong.Setting != "sealed" {
		t.Errorf("got %v", err)
	}
}

func TestBucketIsChecked(t *testing.T) {
	b := bustest.Open(t)
	c := bus.ObjectStream
	c.MaxAge = time.Hour
	remake(t, b, c)
	_, err := b.OpenStreams(t.Context(), bus.Config{Create: true})
	if wrong, ok := errors.AsType[*bus.SettingError](err); !ok || wrong.Setting != "max_age" {
		t.Errorf("got %v", err)
	}
}

func TestSettingErrorSaysWhatToDo(t *testing.T) {
	want := jetstream.StreamConfig{Name: "S"}
	found := jetstream.StreamConfig{Name: "S", MaxAge: time.Hour}
	err := bus.CheckSettings(&want, &found)
	for _, part := range []string{"stream S", "max_age", "1h0m0s", "want 0s", "nats stream edit S"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
}

func TestOperatorsSettingsAreLeftAlone(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	for _, c := range bus.Streams {
		c = bus.WithPromises(c)
		c.Description = "ours"
		c.Metadata = map[string]string{"owner": "operations"}
		c.Compression = jetstream.S2Compression
		c.MaxConsumers = 50
		remake(t, b, c)
	}
	found, err := b.OpenStreams(t.Context(), bus.Config{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	delete(found, bus.ObjectStream.Name)
	for name, s := range found {
		if c := s.CachedInfo().Config; c.Description != "ours" || c.Compression != jetstream.S2Compression || c.MaxConsumers != 50 {
			t.Errorf("stream %s was changed: %+v", name, c)
		}
	}
}

func TestStreamsByManyAtOnce(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	for _, c := range bus.Streams {
		if err := b.JetStream().DeleteStream(t.Context(), c.Name); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.JetStream().DeleteStream(t.Context(), bus.ObjectStream.Name); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			_, err := b.OpenStreams(context.Background(), bus.Config{Create: true})
			// The server may still be removing the folder of the stream that was deleted.
			for errors.Is(err, &jetstream.APIError{ErrorCode: 10049}) && t.Context().Err() == nil {
				_, err = b.OpenStreams(context.Background(), bus.Config{Create: true})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestStreamOf(t *testing.T) {
	run := events.RunKey{Pipeline: "p", Window: 1, Run: 2}
	for subject, want := range map[string]string{
		events.WindowSubject("starlark", "p"):      events.StreamWindow,
		events.TraceSubject(run):                   events.StreamTrace,
		events.DigestSubject(run):                  events.StreamDigest,
		events.VerdictSubject(events.Pass, "p", 1): events.StreamVerdict,
		events.TrendPackSubject(run):               events.StreamViz,
		events.StabilitySubject("p", 1):            events.StreamViz,
		"ers.control.void":                         events.StreamWindow,
		events.ControlSubject("cancel", "p", 1):    events.StreamWindow,
		events.HandoutSubject("exec", run):         events.StreamWindow,
		"ers.run.exec.p.1":                         "",
		"ers.control.void.p":                       "",
		"ers.trace.p.1":                            "",
		"ers.trace.p.1.2.3":                        "",
		"ers.gate.pass":                            "",
		"":                                         "",
	} {
		if got, err := bus.StreamOf(subject); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", subject, got, err)
		}
	}
}

// remakeIn makes a stream on a server where nothing of ours is.
func remakeIn(t *testing.T, s *bustest.Server, c jetstream.StreamConfig) {
	t.Helper()
	b, err := bus.Dial(bus.Config{URL: s.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	js, err := jetstream.New(b.Conn())
	if err == nil {
		_, err = js.CreateStream(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
}
