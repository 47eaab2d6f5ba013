package audit

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// What a person has looked at does not fail an audit any more; what is new still does.
func TestAcknowledged(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.verdict = func(v *events.Verdict) { v.Tie = true }
	s.write()
	found := s.audit()
	if len(found.Findings) != 1 || !isHash(found.Findings[0].ID) {
		t.Fatalf("%s", found.AppendText(nil))
	}
	id := found.Findings[0].ID
	if again := s.audit(); again.Findings[0].ID != id {
		t.Errorf("the id is %s, then %s", id, again.Findings[0].ID)
	}
	other := strings.Repeat("0", 64)
	list, err := ReadAcknowledged(strings.NewReader("# looked at\n\n" + id + "  a test of ours\n" + other + " never seen\n"))
	s.must(err)
	run := func(window uint64) *Report {
		r, err := Run(t.Context(), b, Options{Window: window, Acknowledged: list})
		s.must(err)
		return r
	}
	r := run(s.id)
	text := string(r.AppendText(nil))
	if r.Outcome != events.Pass || r.New != 0 || r.Acknowledged != 1 || r.Findings[0].Acknowledged != "a test of ours" || !slices.Equal(r.Unmatched, []string{other}) {
		t.Errorf("%s", text)
	}
	for _, want := range []string{"1 finding that a person has acknowledged", "computed again it is false (acknowledged: a test of ours)", "no finding of this audit: " + other} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, id) {
		t.Errorf("the id of what is acknowledged is shown:\n%s", text)
	}

	// The same words about another message are another finding.
	next := newScript(t, b)
	next.verdict = func(v *events.Verdict) { v.Tie = true }
	next.write()
	if r := run(0); r.Outcome != events.Fail || r.New != 1 || r.Acknowledged != 1 {
		t.Errorf("%s", r.AppendText(nil))
	}
}

func TestReadAcknowledged(t *testing.T) {
	id := strings.Repeat("a", 64)
	for text, want := range map[string]string{
		"x why":                         "line 1: \"x\" is not an id",
		"\n" + id + "  ":                "line 2: it does not say why",
		id + " a\n" + id + " b":         "line 2: the id " + id + " stands there twice",
		strings.ToUpper(id) + " why":    "is not an id",
		id + strings.Repeat("x", 1<<17): "too long",
	} {
		if list, err := ReadAcknowledged(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, %v, want %s", text, list, err, want)
		}
	}
}
