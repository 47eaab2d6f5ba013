package bench

import (
	"bytes"
	"fmt"
)

var workerNames = []struct{ name, text, ratio, to string }{
	{RateBarePython, "Python, bare pipes", "", ""},
	{RateV02, "Python, the gate of ERS v0.2, in process", "", ""},
	{RateKit, "Python, workers of the kit, to verdict", RateBarePython, "of bare pipes"},
	{RateKit, "", RateV02, "of v0.2"},
	{RatePipeGo, "Go, workers through pipes", "", ""},
	{RateWorkersGo, "Go, workers, to verdict", RatePipeGo, "of pipes"},
}

var waitNames = map[string]string{
	WaitPython: "24 bare Python processes, all at once",
	WaitKit:    "24 workers of the kit, to the verdict of a tick",
	WaitTrue:   "true, 12 times one after the other",
	WaitTry:    "ers try -- true, from start to end",
}

// workersText is what was measured of tasks in processes of their own.
func (r *Report) workersText(out *bytes.Buffer) {
	byName := make(map[string]Rate)
	for _, rate := range r.Rates {
		if rate.Processes == RunProcesses {
			byName[rate.Name] = rate
		}
	}
	rows := [][]string{{fmt.Sprintf("%d tasks a tick, %d runs", workerTasks, Runs), "events/s"}}
	for _, n := range workerNames {
		rate, ok := byName[n.name]
		if !ok {
			continue
		}
		if n.text != "" {
			rows = append(rows, []string{n.text, rateText(rate.EventsPerSecond)})
		}
		if n.ratio != "" {
			rows = append(rows, []string{"  " + n.to, ratioText(rate, n.ratio)})
		}
	}
	if len(byName) > 0 {
		table(out, "Tasks in processes, one of each run", rows)
	}
	if len(r.Waits) > 0 {
		rows := [][]string{{"", "seconds"}}
		for _, w := range r.Waits {
			rows = append(rows, []string{waitNames[w.Name], fmt.Sprintf("%.2f", w.Seconds)})
		}
		table(out, "Starting processes", rows)
	}
	if len(r.Steady) > 0 {
		rows := [][]string{{"ticks of a run", "peak MiB"}}
		for _, s := range r.Steady {
			rows = append(rows, []string{fmt.Sprint(s.Ticks), fmt.Sprint(s.Peak >> 20)})
		}
		table(out, "Memory of a coordinator of workers", rows)
	}
}
