package report

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// The report names the variation whose pattern the runs have, and what was not varied.
func TestSuspects(t *testing.T) {
	v := events.Verdict{Outcome: events.Fail, Runs: 12, Variations: []vary.Name{"tz", "umask"},
		NotVaried: []events.NotVaried{{Name: "umask", Reason: "this system has no way to it", Runs: []int{2, 5}}}}
	groups := func(other func(run int) bool) {
		v.Groups = []events.Group{{}, {}}
		for run := range v.Runs {
			i := 0
			if other(run) {
				i = 1
			}
			v.Groups[i].Runs = append(v.Groups[i].Runs, run)
		}
	}
	for _, c := range []struct {
		name  string
		other func(run int) bool
		want  string
	}{
		{"one", func(run int) bool { return vary.Varied(vary.TZ, int64(run)) }, "It differs when tz varies: in all 6 runs"},
		{"the plain run", func(run int) bool { return run == 0 }, "No variation alone makes the difference"},
	} {
		groups(c.other)
		if _, text := Suspects(&v); !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: %s", c.name, text)
		}
		if text := string(Append(nil, &v, Options{})); !strings.Contains(text, "varied      tz, umask") ||
			!strings.Contains(text, "not varied  umask: this system has no way to it (runs 2 and 5)") {
			t.Errorf("%s:\n%s", c.name, text)
		}
	}
	lucky := -1 // one varied run comes to the same as the plain ones
	groups(func(run int) bool {
		if lucky < 0 && vary.Varied(vary.TZ, int64(run)) {
			lucky = run
		}
		return run != lucky && vary.Varied(vary.TZ, int64(run))
	})
	if names, text := Suspects(&v); text != "It differs in 5 of the 6 runs in which tz varies, and in no other." || len(names) != 1 {
		t.Error(names, text)
	}
	rare := -1
	for run := range v.Runs {
		if vary.Varied(vary.TZ, int64(run)) {
			rare = run
		}
	}
	groups(func(run int) bool { return run == rare })
	if names, text := Suspects(&v); !strings.HasPrefix(text, "The difference is rare.") || !strings.Contains(text, "tz") || len(names) == 0 {
		t.Error(names, text)
	}
	v.Variations = nil
	if _, text := Suspects(&v); text != "" {
		t.Errorf("nothing was varied: %s", text)
	}
}
