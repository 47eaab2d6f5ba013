package auth

import (
	"slices"
	"testing"
)

func TestRoles(t *testing.T) {
	for _, r := range Roles() {
		if found, ok := RoleOf(r.Inbox()); !ok || found != r {
			t.Errorf("the role of %s is %s", r.Inbox(), found)
		}
		for _, other := range Roles() {
			if r.MaySubscribe(other.Inbox()+".x.y") != (r == other) {
				t.Errorf("%s hears the answers to %s", r, other)
			}
		}
		if r.About() == "" || r != Administrator && (r.MayPublish("ers.control.cancel.p.1") || r.MayPublish("$JS.API.STREAM.CREATE.ERS_TRACE")) {
			t.Errorf("%s may do what an administrator does", r)
		}
		// Who may have consumers where windows are handed out may take them.
		if r.Consumes("ERS_WINDOW") != (r == Administrator || r == Coordinator) {
			t.Errorf("%s: consumers on ERS_WINDOW", r)
		}
		if r.Apart() && r.Serves() {
			t.Errorf("%s lives apart, and nobody reaches it there", r)
		}
	}
	for _, prefix := range []string{"", "_INBOX", "_INBOX_", "_INBOX_other", "viewer", "_INBOX_viewer.x"} {
		if r, ok := RoleOf(prefix); ok {
			t.Errorf("%q is the prefix of %s", prefix, r)
		}
	}
	if who := WhoPublishes("ers.verdict.pass.p.1"); !slices.Equal(who, []Role{Administrator, Gate}) {
		t.Errorf("verdicts are written by %v", who)
	}
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		filter, subject string
		want            bool
	}{
		{"a.b", "a.b", true}, {"a.b", "a.c", false}, {"a.b", "a", false}, {"a", "a.b", false},
		{"a.*", "a.b", true}, {"a.*", "a.*", true}, {"a.*", "a.>", false}, {"a.*", "a.b.c", false}, {"a.b", "a.*", false},
		{"a.>", "a.b", true}, {"a.>", "a.b.c", true}, {"a.>", "a.>", true}, {"a.>", "a", false}, {"a.>", ">", false}, {">", "a", true},
	} {
		if got := matches(test.filter, test.subject); got != test.want {
			t.Errorf("%s takes in %s: %t", test.filter, test.subject, got)
		}
	}
}
