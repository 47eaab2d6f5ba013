package events

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSubjectsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := genKey.Draw(t, "key")
		if back, err := ParseTraceSubject(TraceSubject(key)); back != key || err != nil {
			t.Fatalf("%+v (%v), want %+v", back, err, key)
		}
		if back, err := ParseDigestSubject(DigestSubject(key)); back != key || err != nil {
			t.Fatalf("%+v (%v), want %+v", back, err, key)
		}
		if back, err := ParseTrendPackSubject(TrendPackSubject(key)); back != key || err != nil {
			t.Fatalf("%+v (%v), want %+v", back, err, key)
		}
		if p, w, err := ParseStabilitySubject(StabilitySubject(key.Pipeline, key.Window)); p != key.Pipeline || w != key.Window || err != nil {
			t.Fatalf("%s %d (%v), want %+v", p, w, err, key)
		}
		kind := rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "kind")
		if k, p, err := ParseWindowSubject(WindowSubject(kind, key.Pipeline)); k != kind || p != key.Pipeline || err != nil {
			t.Fatalf("%q %q (%v), want %q %q", k, p, err, kind, key.Pipeline)
		}
		if v, p, w, err := ParseControlSubject(ControlSubject(Cancel, key.Pipeline, key.Window)); v != Cancel || p != key.Pipeline || w != key.Window || err != nil {
			t.Fatalf("%s %s %d (%v), want %+v", v, p, w, err, key)
		}
		outcome := rapid.SampledFrom([]Outcome{Pass, Fail, Inconclusive}).Draw(t, "outcome")
		o, pipeline, window, err := ParseVerdictSubject(VerdictSubject(outcome, key.Pipeline, key.Window))
		if o != outcome || pipeline != key.Pipeline || window != key.Window || err != nil {
			t.Fatalf("%s %s %d (%v)", o, pipeline, window, err)
		}
	})
}

func TestParseSubjectRefuses(t *testing.T) {
	for _, s := range []string{"", "ers.trace", "ers.trace.p.1", "ers.trace.p.1.2.3", "ers.digest.p.1.2", "ers.trace.a b.1.2", "ers.trace..1.2",
		"ers.trace." + strings.Repeat("x", 65) + ".1.2", "ers.trace.p.x.2", "ers.trace.p.01.2", "ers.trace.p.1.-2", "ers.trace.p.1.1000", "ers.trace.p.1.+2"} {
		if key, err := ParseTraceSubject(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %+v, %v", s, key, err)
		}
	}
	for _, s := range []string{"ers.verdict.maybe.p.1", "ers.verdict.pass.p", "ers.verdict.pass.a*.1", "ers.verdict.pass.p.x"} {
		if _, _, _, err := ParseVerdictSubject(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestParseWindowSubjectRefuses(t *testing.T) {
	for _, s := range []string{"ers.window.p", "ers.window.Star.p", "ers.window..p", "ers.window.starlark.a b", "ers.window.starlark.p.1"} {
		if kind, p, err := ParseWindowSubject(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %s %s, %v", s, kind, p, err)
		}
	}
	for _, s := range []string{"ers.control.void", "ers.control.undo.p.1", "ers.control.cancel.p", "ers.control.cancel.p.01", "ers.control.cancel.a*.1"} {
		if v, p, w, err := ParseControlSubject(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %s %s %d, %v", s, v, p, w, err)
		}
	}
}

func TestParseStabilitySubjectRefuses(t *testing.T) {
	for _, s := range []string{"ers.viz.stability.p", "ers.viz.stability.p.01", "ers.viz.stability.p.1.2", "ers.viz.stability.a b.1", "ers.viz.trendpack.p.1"} {
		if p, w, err := ParseStabilitySubject(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %s %d, %v", s, p, w, err)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	f.Add("ers.trace.p.1.2")
	f.Add("ers.digest.p.1.2")
	f.Add("ers.verdict.fail.p.1")
	f.Fuzz(func(t *testing.T, s string) {
		if key, err := ParseTraceSubject(s); err == nil && TraceSubject(key) != s {
			t.Errorf("%q came back as %q", s, TraceSubject(key))
		}
		if o, p, w, err := ParseVerdictSubject(s); err == nil && VerdictSubject(o, p, w) != s {
			t.Errorf("%q came back as %q", s, VerdictSubject(o, p, w))
		}
	})
}
