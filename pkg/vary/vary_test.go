package vary

import (
	"math/bits"
	"slices"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	for text, want := range map[string]string{
		"standard":       Text(All[:len(All)-2]),
		"warm,pid,tz":    "tz, warm, pid",
		"none":           "",
		"umask, tz":      "tz, umask",
		"tz,tz":          `the variation "tz" stands twice`,
		"tz,none":        `"none" stands alone or not at all`,
		"":               `there is no variation ""`,
		"timezone":       `there is no variation "timezone": there are tz, locale`,
		"tz,standard,gc": `"standard" stands alone or not at all`,
	} {
		names, err := List(Split(text), All)
		got := Text(names)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.HasPrefix(got, want)) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Run 0 is plain; in any twelve runs each variation splits them in half, and no variation
// is varied wherever another one is.
func TestPlan(t *testing.T) {
	if len(columns()) < len(All) {
		t.Fatalf("%d columns for %d variations", len(columns()), len(All))
	}
	for b := range int64(50) {
		of := make(map[Name]uint16)
		for _, name := range All {
			for run := range int64(block) {
				if Varied(name, b*block+run) {
					of[name] |= 1 << run
				}
			}
			if of[name]&1 != 0 || bits.OnesCount16(of[name]) != block/2 {
				t.Errorf("block %d: %s is varied in %b", b, name, of[name])
			}
			for other, column := range of {
				if other != name && bits.OnesCount16(column&^of[name]) < 2 {
					t.Errorf("block %d: %s goes together with %s", b, other, name)
				}
			}
		}
	}
	if Varied("other", 1) || Varied(TZ, -1) || Varied(TZ, 0) {
		t.Error("what is varied at all")
	}
}

// group makes groups of runs that have the same value.
func group(runs int, value func(run int64) int64) (groups [][]int) {
	at := make(map[int64]int)
	for run := range runs {
		v := value(int64(run))
		if _, known := at[v]; !known {
			at[v], groups = len(groups), append(groups, nil)
		}
		groups[at[v]] = append(groups[at[v]], run)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return len(b) - len(a) })
	return groups
}

// from numbers the runs of a window one after the other.
func from(first int64) func(int) int64 { return func(run int) int64 { return first + int64(run) } }

func names(list []Suspect) (all []Name) {
	for _, s := range list {
		all = append(all, s.Name)
	}
	return all
}

// Each variation is named by the pattern that it makes, whether its values all differ or
// not, in any window of a case.
func TestSuspects(t *testing.T) {
	for _, name := range All {
		for first := int64(0); first < 60; first += 12 {
			for what, value := range map[string]func(int64) int64{
				"two values": func(int64) int64 { return 1 },
				"its own":    func(run int64) int64 { return 1 + run },
			} {
				groups := group(12, func(run int64) int64 {
					if Varied(name, first+run) {
						return value(run)
					}
					return 0
				})
				if got := names(Suspects(All, from(first), groups)); !slices.Equal(got, []Name{name}) {
					t.Errorf("%s from run %d, %s: %v", name, first, what, got)
				}
			}
		}
	}
}

func TestSuspectsOfLittle(t *testing.T) {
	// One of its values makes the difference: it is among those that are named.
	run := 1
	for !Varied(TZ, int64(run)) {
		run++
	}
	list := Suspects(All, from(0), group(12, func(r int64) int64 { return map[bool]int64{true: 1}[r == int64(run)] }))
	if !slices.Contains(names(list), TZ) || len(list) == len(All) || list[0].All() {
		t.Errorf("one run of its: %v", list)
	}
	// It differs by itself, or in the plain run alone.
	for what, groups := range map[string][][]int{
		"every run its own": group(12, func(run int64) int64 { return run }),
		"no difference":     group(12, func(int64) int64 { return 0 }),
		"no runs":           nil,
	} {
		if list := Suspects(All, from(0), groups); len(list) > 0 {
			t.Errorf("%s: %v", what, list)
		}
	}
	if list := Suspects(nil, from(0), [][]int{{0}, {1}}); len(list) > 0 {
		t.Errorf("nothing was varied: %v", list)
	}
}

// What is fixed is had and never varied; the two lists are told apart.
func TestFixed(t *testing.T) {
	number := int64(1)
	for !Varied(TZ, number) || !Varied(Umask, number) {
		number++
	}
	r := Run{Names: []Name{TZ}, Fixed: []Name{Umask}, Number: number}
	if !r.Has(TZ) || !r.Varied(TZ) || !r.Has(Umask) || r.Varied(Umask) || r.Has(Host) || r.Umask() != 0o022 {
		t.Errorf("%+v has %v, %v, %v", r, r.Varied(TZ), r.Varied(Umask), r.Umask())
	}
	if got := Union([]Name{Umask, GC}, []Name{TZ, GC}); !slices.Equal(got, []Name{TZ, Umask, GC}) {
		t.Errorf("together: %v", got)
	}
	if got := Without(All, All[1:]); !slices.Equal(got, All[:1]) {
		t.Errorf("without: %v", got)
	}
}
