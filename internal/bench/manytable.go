package bench

import (
	"bytes"
	"fmt"
)

var manyNames = map[string]string{
	waitRestart + string(Coordinator): "restart coordinator",
	waitRestart + string(Hasher):      "restart hasher",
	waitRestart + string(Gate):        "restart gate, with feed",

	WaitList:         "ers list",
	WaitListPipeline: "ers list --pipeline",
	WaitListFails:    "ers list --outcome fail",
	WaitListJSON:     "ers list --json",
	WaitShow:         "ers show, the last window",
	WaitPage:         "start of the page, to its first list",
	WaitPageAll:      "start of the page, to all of its list",
	WaitSearch:       "search on the page",
}

// manyText is what was measured with many small windows in the streams.
func (r *Report) manyText(out *bytes.Buffer) {
	if len(r.Many) == 0 {
		return
	}
	row := func(text string, value func(*Many) string) []string {
		cells := []string{text}
		for i := range r.Many {
			cells = append(cells, value(&r.Many[i]))
		}
		return cells
	}
	rows := [][]string{
		row("windows in the streams", func(m *Many) string { return fmt.Sprint(m.Windows) }),
		row("windows/s while they came", func(m *Many) string { return fmt.Sprintf("%.0f", m.FillPerSecond) }),
		row("restart server", func(m *Many) string { return seconds(m.ServerRestart) }),
		row("restart all, with the server", func(m *Many) string { return seconds(m.FullRestart) }),
	}
	for i, w := range r.Many[0].Waits {
		rows = append(rows, row(manyNames[w.Name], func(m *Many) string { return seconds(m.Waits[i].Seconds) }))
	}
	table(out, "With many small windows", rows)
}
