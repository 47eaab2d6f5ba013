package blame

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/vary"
)

// program is a program that is simulated: each of its sets changes what it prints where
// all of the set are varied, and so does what is free of its loose ones. noise says of the
// n-th run of all whether it differs by itself.
type program struct {
	sets  [][]vary.Name
	loose []vary.Name
	noise func(n int) bool
	made  int // runs
}

// output is what a run prints.
func (p *program) output(r vary.Run) string {
	out := ""
	for _, set := range p.sets {
		if !slices.ContainsFunc(set, func(name vary.Name) bool { return !r.Varied(name) }) {
			out += fmt.Sprint(set, r.Number)
		}
	}
	for _, name := range p.loose {
		if !r.Has(name) {
			out += fmt.Sprint(name, p.made) // as the system gives it: other in every run
		} else if r.Varied(name) {
			out += fmt.Sprint(name, r.Number)
		}
	}
	if p.noise != nil && p.noise(p.made) {
		out += "!"
	}
	p.made++
	return out
}

// window makes runs and tells which are equal.
func (p *program) window(variations, fixed []vary.Name, numbers []int64) (groups [][]int) {
	at := make(map[string]int)
	for run, number := range numbers {
		out := p.output(vary.Run{Names: variations, Fixed: fixed, Number: number})
		g, known := at[out]
		if !known {
			g, groups = len(groups), append(groups, nil)
			at[out] = g
		}
		groups[g] = append(groups[g], run)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return len(b) - len(a) })
	return groups
}

func counted(first int64, runs int) (numbers []int64) {
	for run := range runs {
		numbers = append(numbers, first+int64(run))
	}
	return numbers
}

// searched runs a window of the program and searches. It returns the questions.
func (p *program) searched(t rapid.TB, variations []vary.Name, first int64, o Options) (*Finding, []Probe) {
	w := Window{Can: vary.All, Variations: variations, Number: func(run int) int64 { return first + int64(run) },
		Groups: p.window(variations, nil, counted(first, 12))}
	if len(w.Groups) < 2 {
		return nil, nil
	}
	var asked []Probe
	runs := 0
	f, err := Search(w, o, func(q Probe) (Answer, error) {
		asked = append(asked, q)
		numbers := q.Numbers
		if numbers == nil {
			numbers = counted(0, q.Runs)
		}
		if len(numbers) != q.Runs || q.Runs < 2 || q.Question == "" {
			t.Fatalf("question %+v", q)
		}
		if err := errors.Join(vary.Check(q.Variations), vary.Check(q.Fixed)); err != nil {
			t.Fatal(err)
		}
		runs += q.Runs
		return Answer{Window: uint64(len(asked)), Groups: p.window(q.Variations, q.Fixed, numbers)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Runs != runs || f.Windows != len(asked) || runs > o.MaxRuns {
		t.Fatalf("%d runs in %d windows of at most %d: %+v", runs, len(asked), o.MaxRuns, f)
	}
	return f, asked
}

func text(f *Finding) string {
	if f == nil {
		return "no difference"
	}
	out := string(f.Kind)
	for _, c := range f.Causes {
		how := " free "
		if c.Varied {
			how = " varied "
		}
		out += how + Listed(c.Names)
	}
	if f.Kind == Itself {
		out += fmt.Sprintf(" %d of %d", f.Odd, f.Equal)
	}
	if f.Why != "" {
		out += ": " + f.Why
	}
	return out
}

func TestSearch(t *testing.T) {
	type names = []vary.Name
	one := func(at int) func(int) bool { return func(n int) bool { return n == at } }
	most := Options{MaxRuns: 160}
	for _, c := range []struct {
		name       string
		program    program
		variations []vary.Name
		options    Options
		want       string
		runs       int
	}{
		{"a time zone", program{sets: []names{{vary.TZ}}}, vary.All, most, "cause varied tz", 26},
		{"the same, in pairs", program{sets: []names{{vary.TZ}}}, vary.All, Options{160, true}, "cause varied tz", 6},
		{"nothing else varies", program{sets: []names{{vary.TZ}}}, names{vary.TZ}, most, "cause varied tz", 26},
		{"two together", program{sets: []names{{vary.TZ, vary.Umask}}}, vary.All, most, "cause varied tz and umask", 34},
		{"two separate", program{sets: []names{{vary.TZ}, {vary.GC}}}, vary.All, most, "cause varied gc varied tz", 56},
		{"three together", program{sets: []names{{vary.TZ, vary.HashSeed, vary.Umask}}}, vary.All, most, "cause varied tz, hashseed and umask", 100},
		{"a seed that is free", program{loose: names{vary.HashSeed}}, nil, most, "cause varied hashseed", 60},
		{"a seed that is free beside a zone that varies", program{loose: names{vary.HashSeed}}, names{vary.TZ}, most, "cause varied hashseed", 60},
		{"two that are free", program{loose: names{vary.HashSeed, vary.ASLR}}, nil, most, "cause varied hashseed varied aslr", 150},
		{"by itself, often", program{noise: func(n int) bool { return n%3 == 0 }}, vary.All, most, "itself 5 of 14", 14},
		{"by itself, nothing varied", program{noise: func(n int) bool { return n%3 == 0 }}, nil, most, "itself 5 of 14", 14},
		{"by itself, rarely", program{noise: func(n int) bool { return n == 5 || n == 40 }}, vary.All, most, "itself 1 of 36", 36},
		{"once and never again", program{noise: one(5)}, vary.All, most, "unknown: the difference did not come again", 160},
		{"once, nothing varied", program{noise: one(5)}, nil, Options{MaxRuns: 1200}, "unknown: the difference did not come again", 1200},
		{"too few runs", program{sets: []names{{vary.TZ, vary.Umask}}}, vary.All, Options{MaxRuns: 20}, "unknown: the next question would take more than 20 runs in all", 20},
		{"no run at all", program{sets: []names{{vary.TZ}}}, vary.All, Options{MaxRuns: 1}, "unknown: the next question would take more than 1 runs in all", 0},
	} {
		p := c.program
		f, asked := p.searched(t, c.variations, 0, c.options)
		if got := text(f); got != c.want || f == nil || f.Runs > c.runs {
			t.Errorf("%s: %s, %+v; want %s with at most %d runs", c.name, got, f, c.want, c.runs)
			for _, q := range asked {
				t.Logf("  %s varied %v, %d runs %v", q.Question, q.Variations, q.Runs, q.Numbers)
			}
		}
	}
}

// What cannot be fixed is run again, and no more.
func TestNotFixable(t *testing.T) {
	for odd, want := range map[int]string{7: "itself 1 of 12", 20: "itself 1 of 24", 99: "unknown: the difference did not come again"} {
		n := 0
		f, err := Search(Window{Number: func(run int) int64 { return int64(run) }, Groups: [][]int{{0, 1, 2, 3, 4, 6}, {5, 7, 8, 9, 10, 11}}}, Options{MaxRuns: 160},
			func(q Probe) (Answer, error) {
				a := Answer{Window: 9, Groups: [][]int{nil}}
				for run := range q.Runs {
					if n++; n == odd {
						a.Groups = append(a.Groups, []int{run})
						continue
					}
					a.Groups[0] = append(a.Groups[0], run)
				}
				if q.Variations != nil || q.Fixed != nil {
					t.Errorf("asked for %+v", q)
				}
				return a, nil
			})
		if err != nil || text(f) != want {
			t.Errorf("%s, %v; want %s", text(f), err, want)
		}
	}
}

// Whoever stops a search is told what is known.
func TestStopped(t *testing.T) {
	p := program{sets: [][]vary.Name{{vary.TZ, vary.HashSeed, vary.Umask}}}
	w := Window{Can: vary.All, Variations: vary.All, Number: func(run int) int64 { return int64(run) }, Groups: p.window(vary.All, nil, counted(0, 12))}
	stop, n := errors.New("stop"), 0
	f, err := Search(w, Options{MaxRuns: 160}, func(q Probe) (Answer, error) {
		if n++; n == 8 {
			return Answer{}, stop
		}
		numbers := q.Numbers
		if numbers == nil {
			numbers = counted(0, q.Runs)
		}
		return Answer{uint64(n), p.window(q.Variations, q.Fixed, numbers)}, nil
	})
	if !errors.Is(err, stop) || f.Windows != 7 || !slices.Contains(f.Among, vary.TZ) || !slices.Contains(f.Among, vary.Umask) || f.Equal != 30 {
		t.Errorf("%+v, %v", f, err)
	}
	for what, groups := range map[string][][]int{"runs are missing": {{0}}, "there are too many": {{0, 1, 2}, {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}} {
		_, err := Search(w, Options{MaxRuns: 160}, func(Probe) (Answer, error) { return Answer{3, groups}, nil })
		if err == nil || !strings.Contains(err.Error(), "of 30 runs") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Search(Window{Groups: [][]int{{0, 1}}}, Options{}, nil); err == nil {
		t.Error("no runs differ, and it searched")
	}
}

// For random programs, each cause that is found is a true one, is as small as it can be,
// and passes when fixed; the same program gets the same questions.
func TestRandomPrograms(t *testing.T) {
	name := rapid.SampledFrom(vary.All)
	set := rapid.Custom(func(t *rapid.T) []vary.Name { return vary.Union(rapid.SliceOfN(name, 1, 2).Draw(t, "names"), nil) })
	rapid.Check(t, func(t *rapid.T) {
		sets := rapid.SliceOfN(set, 1, 3).Draw(t, "sets")
		first := rapid.Int64Range(0, 40).Draw(t, "first")
		o := Options{MaxRuns: 400, Pair: rapid.Bool().Draw(t, "pair")}
		p := program{sets: sets}
		f, asked := p.searched(t, vary.All, first, o)
		if f == nil {
			return
		}
		if f.Kind != ByCause || f.Why != "" || f.Among != nil {
			t.Fatalf("%s, %+v", text(f), f)
		}
		var causes []vary.Name
		for _, c := range f.Causes {
			if !slices.ContainsFunc(sets, func(s []vary.Name) bool { return slices.Equal(s, c.Names) }) {
				t.Fatalf("%v is none of %v", c.Names, sets)
			}
			causes = vary.Union(causes, c.Names)
		}
		if !o.Pair {
			again := p.window(vary.Without(vary.All, causes), causes, counted(first, 12))
			if len(again) != 1 {
				t.Fatalf("%v fixed, it differs: %v", causes, again)
			}
		}
		_, second := (&program{sets: sets}).searched(t, vary.All, first, o)
		if diff := cmp.Diff(asked, second); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Where runs differ by themselves, now and then, no variation is blamed often, and the
// search always ends.
func TestRandomNoise(t *testing.T) {
	blamed, of := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		seed, oneIn := rapid.Uint64().Draw(t, "seed"), rapid.Uint64Range(2, 20).Draw(t, "one in")
		p := program{noise: func(n int) bool { return mix(seed+uint64(n))%oneIn == 0 }}
		f, _ := p.searched(t, rapid.SampledFrom([][]vary.Name{vary.All, nil}).Draw(t, "varied"), 0, Options{MaxRuns: 160})
		if f == nil {
			return
		}
		if of++; f.Kind == ByCause {
			blamed++
		}
	})
	if of < 10 || blamed > of/10 {
		t.Errorf("a variation was blamed in %d of %d searches", blamed, of)
	}
}

// mix is splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
