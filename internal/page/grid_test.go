package page

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/gate"
)

// judge runs the gate alone.
func judge(ctx context.Context, c service.Config) error {
	return gate.New(gate.Config{Bus: c.Bus, Log: c.Log}).Run(ctx)
}

// oddWindow is a window in which few ticks differ, judged or on its way.
var oddWindow = rapid.Custom(func(t *rapid.T) *made {
	m := &made{runs: rapid.IntRange(2, 5).Draw(t, "runs"), first: rapid.Int64Range(0, 9).Draw(t, "first"),
		ticks: rapid.Int64Range(1, 90).Draw(t, "ticks"), covers: rapid.IntRange(1, 40).Draw(t, "covers")}
	m.hashed = m.ticks
	if !rapid.Bool().Draw(t, "judged") {
		m.hashed = rapid.Int64Range(0, m.ticks-1).Draw(t, "hashed")
	}
	odd := make(map[[2]int64]int)
	for range rapid.IntRange(0, 5).Draw(t, "odd cells") {
		at := [2]int64{rapid.Int64Range(0, int64(m.runs-1)).Draw(t, "run"), m.first + rapid.Int64Range(0, m.ticks-1).Draw(t, "tick")}
		odd[at] = rapid.IntRange(0, 2).Draw(t, "value")
	}
	m.value = func(run int, tick int64) canon.Value { return canon.Value(fmt.Sprint(odd[[2]int64{int64(run), tick}])) }
	return m
})

// TestGrid compares the pictures of windows with what is drawn from the values
// themselves.
func TestGrid(t *testing.T) {
	t.Parallel()
	station := newPage(t, bustest.Open(t))
	station.serve(judge)
	b, ctx := station.bus, t.Context()
	s := New(Config{Bus: b})
	type pair struct {
		made *made
		*window
	}
	var windows []pair
	for seed := range 16 {
		m := oddWindow.Example(seed)
		w := m.write(ctx, t, b)
		if m.hashed == m.ticks {
			if _, _, err := client.Verdict(ctx, b, w.WindowKey); err != nil {
				t.Fatal(err)
			}
		}
		w, err := s.findWindow(ctx, w.Window)
		if err != nil {
			t.Fatal(err)
		}
		windows = append(windows, pair{m, w})
	}
	rapid.Check(t, func(t *rapid.T) {
		w := windows[rapid.IntRange(0, len(windows)-1).Draw(t, "window")]
		end := w.made.first + w.made.ticks
		from := rapid.Int64Range(w.made.first, end-1).Draw(t, "from")
		at := newSpan(from, rapid.Int64Range(from+1, end).Draw(t, "to"), rapid.Int64Range(1, 80).Draw(t, "columns"))
		g, err := s.drawGrid(ctx, w.window, at)
		if err != nil {
			t.Fatal(err)
		}
		checkGrid(t, w.made, w.window, g)
	})
}

// checkGrid makes sure of every column that runs have the same class exactly when their
// ticks there are equal, and of a judged window that class 0 is the largest group's.
func checkGrid(t *rapid.T, m *made, w *window, g *gridAnswer) {
	classes := make([][]int64, m.runs)
	for _, row := range g.Rows {
		var cells []int64
		for _, s := range row.Cells {
			cells = append(cells, slices.Repeat([]int64{s[0]}, int(s[1]))...)
		}
		if len(cells) != g.Columns {
			t.Fatalf("a row of %d columns where there are %d", len(cells), g.Columns)
		}
		for _, run := range row.Runs {
			classes[run] = cells
		}
	}
	for column := range g.Columns {
		from, to := g.start(column), min(g.start(column+1), g.To)
		bucket := func(run int) (text string) {
			for tick := from; tick < to; tick++ {
				text += string(m.value(run, tick)) + ","
			}
			return text
		}
		for run := range m.runs {
			class := classes[run][column]
			if hashed := to-m.first <= m.hashed; hashed != (class >= 0) {
				t.Fatalf("run %d, ticks %d to %d: class %d, hashed: %t", run, from, to-1, class, hashed)
			}
			for other := range run {
				if class >= 0 && (class == classes[other][column]) != (bucket(run) == bucket(other)) {
					t.Fatalf("runs %d and %d, ticks %d to %d: classes %d and %d", other, run, from, to-1, classes[other][column], class)
				}
			}
			if w.verdict != nil && (class == 0) != (bucket(run) == bucket(w.verdict.Groups[0].Runs[0])) {
				t.Fatalf("run %d, ticks %d to %d: class %d", run, from, to-1, class)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 1e9).Draw(t, "from")
		ticks := rapid.Int64Range(1, 1e9).Draw(t, "ticks")
		most := rapid.Int64Range(1, maxColumns).Draw(t, "columns")
		s := newSpan(from, from+ticks, most)
		if int64(s.Columns) > most || s.Columns < 1 || s.start(s.Columns-1) >= s.To || s.start(s.Columns) < s.To {
			t.Fatalf("%+v", s)
		}
		if s.Step > 1 && ticks/most >= 1 && s.Step > 5*(ticks/most+1) {
			t.Fatalf("steps of %d for %d ticks in %d columns", s.Step, ticks, most)
		}
		for s.Step%10 == 0 {
			s.Step /= 10
		}
		if s.Step != 1 && s.Step != 2 && s.Step != 5 {
			t.Fatalf("step %d", s.Step)
		}
	})
}

// TestSeek finds every tick where it is, in digests and in frames, with other runs
// between.
func TestSeek(t *testing.T) {
	b := bustest.Open(t)
	s := New(Config{Bus: b})
	m := &made{runs: 3, first: 5, ticks: 50, hashed: 43, covers: 7, value: func(run int, tick int64) canon.Value { return canon.Value(fmt.Sprint(tick)) }}
	w := m.write(t.Context(), t, b)
	for from := m.first; from < m.first+m.ticks; from++ {
		next := from
		for d, err := range record.TickDigests(t.Context(), s.Bus, w.Run(1), from, from+3) {
			if err != nil || d.Tick != next {
				t.Fatalf("digest of tick %d where %d belongs: %v", d.Tick, next, err)
			}
			next++
		}
		if want := min(from+3, m.first+m.hashed); next != max(from, want) {
			t.Fatalf("digests from %d end at %d, not %d", from, next, want)
		}
		tick, err := record.Tick(t.Context(), s.Bus, w.Run(1), from)
		if err != nil || len(tick.Results) != 2 || tick.Results[0].Value != canon.Value(fmt.Sprint(from)) {
			t.Fatalf("tick %d: %+v, %v", from, tick, err)
		}
	}
	none := events.RunKey{Pipeline: "long", Window: 99}
	for range record.Frames(t.Context(), s.Bus, none, 0, 9) {
		t.Fatal("a frame of a run that there is not")
	}
	for range record.TickDigests(t.Context(), s.Bus, none, 0, 9) {
		t.Fatal("a digest of a run that there is not")
	}
}
