package term

import (
	"strings"
	"testing"
)

func TestLanesGolden(t *testing.T) {
	row := func(name string, status string, counts ...int64) LaneRow {
		r := LaneRow{Name: name, Lane: len(counts) == 0, Status: []byte(status)}
		copy(r.Counts[:], counts)
		return r
	}
	few := Lanes{Span{7, 6, 1}, []LaneRow{
		row("forecast", "osenoo"), row("oracle:signal", "oooooo", 6), row("a \"b\"\x1b[31m", "ose.oo", 3, 1, 1, 0), row("日本語日本語日本語日本語日本語", "ooonoo", 5, 0, 0, 1),
		row("shadow", "ssssss"), row("dear", "ssssss", 0, 6),
	}}
	many := Lanes{Fit(0, 12345, 50), []LaneRow{row("forecast", strings.Repeat("o", 24)+"s"), row("t", strings.Repeat("o", 24)+"s", 12344, 1)}}
	golden(t, "lanes.txt", few.Append(nil, false))
	golden(t, "lanes-color.txt", few.Append(nil, true))
	golden(t, "lanes-many.txt", many.Append(nil, false))
}
