package term

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// draw draws rows of ticks, a letter a tick, one row a run.
func draw(width int, first int64, color, judged bool, rows ...string) []byte {
	ticks, ends := int64(0), []int64(nil)
	for _, row := range rows {
		ticks = max(ticks, int64(len(row)))
		ends = append(ends, int64(len(row)))
	}
	g := Grid{Span: Fit(first, ticks, width-Margin(len(rows))), Reference: "A"}
	m := NewMatrix(g.Span, ends)
	for _, row := range rows {
		r := m.NewRow()
		for _, tick := range row {
			r.Add(string(tick))
		}
	}
	classes := m.Classes()
	if !judged {
		Renumber(classes)
	}
	for run, cells := range classes {
		group := classes[run][0]
		for _, c := range cells {
			group = max(group, c)
		}
		if !judged {
			group = -1
		}
		g.Runs = append(g.Runs, Run{run, group, cells})
	}
	return g.Append(nil, color)
}

func TestGridGolden(t *testing.T) {
	long := strings.Repeat("a", 12345)
	odd := long[:7000] + "b" + long[7001:]
	for name, text := range map[string][]byte{
		"few.txt":          draw(80, 0, false, true, "aaaaa", "aabaa", "aabba", "aaaaa"),
		"color.txt":        draw(80, 0, true, true, "aaaaa", "aabaa", "aabca"),
		"tie.txt":          draw(80, 98, false, true, "aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaabbbbbbbbbbbbb"),
		"inconclusive.txt": draw(80, 0, false, true, "aaaaa", "aab", "", "aaaaa"),
		"progress.txt":     draw(80, 0, false, false, "a", "aaab", "aaaaa"),
		"many-40.txt":      draw(40, 0, false, true, long, odd, long[:9001]),
		"many-80.txt":      draw(80, 0, false, true, long, odd, long[:9001]),
		"many-200.txt":     draw(200, 1_000_000_000_000, false, true, long, odd, long[:9001]),
	} {
		golden(t, name, text)
	}
}

func TestGroupsGolden(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	list := []Group{{[]int{0, 1, 2, 4, 6, 8, 10, 12, 14, 15}, hash, hash}, {[]int{3}, "", ""}, {[]int{5}, "\x1b[31m\xff", ""}}
	for i := range 20 {
		list = append(list, Group{[]int{20 + i}, hash, hash})
	}
	golden(t, "groups.txt", AppendGroups(nil, list, false))
}

// A cell is that of the lowest row that has equal ticks there, as far as both go.
func TestMatrixTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ticks := rapid.IntRange(1, 60).Draw(t, "ticks")
		span := Fit(0, int64(ticks), rapid.IntRange(1, 20).Draw(t, "columns"))
		rows := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("aaaaaaab")), 0, ticks, -1), 2, 6).Draw(t, "rows")
		var ends []int64
		for _, r := range rows {
			ends = append(ends, int64(len(r)))
		}
		m := NewMatrix(span, ends)
		for _, text := range rows {
			r := m.NewRow()
			for _, tick := range text {
				r.Add(string(tick))
			}
		}
		got := m.Classes()
		cut := func(row string, column int) string {
			return row[min(len(row), column*int(span.Step)):min(len(row), int(span.end(column)))]
		}
		for column := range span.Columns() {
			for i, row := range rows {
				want := NotHashed
				if mine := cut(row, column); mine != "" {
					want = slices.IndexFunc(rows, func(other string) bool {
						theirs := cut(other, column)
						n := min(len(mine), len(theirs))
						return n > 0 && mine[:n] == theirs[:n]
					})
				}
				if got[i][column] != want {
					t.Fatalf("row %d, column %d: %d, want %d", i, column, got[i][column], want)
				}
			}
		}
	})
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		ticks   int64
		columns int
		want    string
	}{
		{1, 60, "1×1"}, {60, 60, "1×60"}, {61, 60, "2×31"}, {121, 60, "5×25"}, {301, 60, "10×31"}, {1e6, 60, "20000×50"}, {1<<63 - 1, 60, "200000000000000000×47"}, {5, 0, "5×1"},
	} {
		s := Fit(0, c.ticks, c.columns)
		if got := fmt.Sprintf("%d×%d", s.Step, s.Columns()); got != c.want {
			t.Errorf("%d ticks in %d columns: %s, want %s", c.ticks, c.columns, got, c.want)
		}
	}
}
