package report

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// The report lists the machines, and names what of them the difference follows, where it
// follows something.
func TestMachines(t *testing.T) {
	arm := events.Machine{System: "linux", Architecture: "arm64", Kernel: "6.1", Build: "b", Host: "one", Runs: []int{1, 3}}
	amd := events.Machine{System: "linux", Architecture: "amd64", Kernel: "6.1", Build: "b", Host: "two", Runs: []int{0, 2}}
	third := amd
	third.Host, third.Runs = "three", []int{4}
	silent := events.Machine{Runs: []int{4}}
	groups := func(lists ...[]int) (all []events.Group) {
		for _, list := range lists {
			all = append(all, events.Group{Runs: list})
		}
		return all
	}
	follows := "The difference follows the machines: all runs with "
	for _, c := range []struct {
		name     string
		machines []events.Machine
		groups   []events.Group
		want     string
	}{
		{"architecture", []events.Machine{amd, arm, third}, groups([]int{0, 2, 4}, []int{1, 3}), follows + "architecture arm64 differ from those with amd64. The same machines differ in host."},
		{"host", []events.Machine{amd, third}, groups([]int{0, 2}, []int{4}), follows + "host three differ from those with two."},
		{"hosts", []events.Machine{amd, arm, third}, groups([]int{0, 2}, []int{1, 3}, []int{4}), follows + "host one, three differ from those with two."},
		{"within one", []events.Machine{amd, arm}, groups([]int{0, 1, 3}, []int{2}), ""},
		{"equal", []events.Machine{amd, arm}, groups([]int{0, 1, 2, 3}), ""},
		{"one is silent", []events.Machine{amd, silent}, groups([]int{0, 2}, []int{4}), ""},
	} {
		v := events.Verdict{Outcome: events.Pass, Runs: 5, Spread: true, Machines: c.machines, Groups: c.groups}
		if text := followed(&v); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
		text := string(Append(nil, &v, Options{Width: 200}))
		if !strings.Contains(text, "\n    0 and 2  linux/amd64  6.1     two") || c.want != "" && !strings.Contains(text, "\n  "+c.want+"\n") {
			t.Errorf("%s:\n%s", c.name, text)
		}
	}
	moved := amd
	moved.Runs = []int{0, 1, 2, 3}
	over := events.Verdict{Spread: true, Machines: []events.Machine{moved, arm}, Groups: groups([]int{0, 1, 2, 3})}
	if text := Machines(&over); text != "Begun on one machine and gone on with on another, so that they stand with both: runs 1 and 3." {
		t.Error(text)
	}
	v := events.Verdict{Outcome: events.Pass, Runs: 4, Spread: true, Machines: []events.Machine{arm}}
	if text := string(Append(nil, &v, Options{})); !strings.Contains(text, "No two machines were compared") {
		t.Error(text)
	}
	v.Spread = false
	if text := string(Append(nil, &v, Options{})); strings.Contains(text, "machines") {
		t.Error(text)
	}
}
