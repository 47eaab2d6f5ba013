package bench

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Text is the report for people.
func (r *Report) Text() []byte {
	var out bytes.Buffer
	m := r.Machine
	fmt.Fprintf(&out, "%s, %d CPUs, %s/%s, %s, nats-server %s", m.CPU, m.CPUs, m.OS, m.Arch, m.Go, m.NATSServer)
	if m.Python != "" {
		fmt.Fprintf(&out, ", Python %s", m.Python)
	}
	fmt.Fprintf(&out, "\nMedians of %d turns. A ratio is the median of the ratios within a turn.\n", r.Turns)
	if r.Quick {
		fmt.Fprintln(&out, "QUICK: this shows that it works, not how fast.")
	}
	for _, section := range []func(*bytes.Buffer){r.memoryText, r.throughputText, r.latencyText, r.workersText, r.growthText, r.manyText} {
		section(&out)
	}
	for _, what := range r.LeftOut {
		fmt.Fprintf(&out, "\nLeft out: %s\n", what)
	}
	return out.Bytes()
}

// table writes rows whose cells end with a tab, aligned to the right but for the
// first column.
func table(out *bytes.Buffer, title string, rows [][]string) {
	fmt.Fprintf(out, "\n%s\n\n", title)
	width := 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintf(w, "%-*s\t%s\t\n", width, row[0], strings.Join(row[1:], "\t"))
	}
	_ = w.Flush() // into memory
}

// rateText has thousands of events a second.
func rateText(perSecond float64) string { return fmt.Sprintf("%.0f k", perSecond/1000) }

func ratioText(r Rate, other string) string {
	ratio, ok := r.Ratios[other]
	switch {
	case !ok:
		return "-"
	case ratio >= 10:
		return fmt.Sprintf("%.1f", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

var memoryNames = []struct{ name, text, ratio, to string }{
	{RateSHA256, "SHA-256 alone over a tick's canonical bytes", "", ""},
	{RateCanonical, "events to canonical bytes to SHA-256", RateSHA256, "SHA-256 alone"},
	{RateFrames, "frames to all six hashes of tick and run", RateSHA256, "SHA-256 alone"},
	{RateSchedule, "scheduler, empty tasks", "", ""},
	{RateGo, "scheduler, canonical bytes, two hashes", RatePython, "Python"},
	{RatePython, "the same in Python", "", ""},
}

func (r *Report) memoryText(out *bytes.Buffer) {
	rows := [][]string{{"events a tick"}}
	byName := make(map[string]map[int]Rate)
	var sizes []int
	for _, rate := range r.Rates {
		if rate.Sync != "" {
			continue
		}
		if byName[rate.Name] == nil {
			byName[rate.Name] = make(map[int]Rate)
		}
		byName[rate.Name][rate.EventsPerTick] = rate
		if !slices.Contains(sizes, rate.EventsPerTick) {
			sizes = append(sizes, rate.EventsPerTick)
			rows[0] = append(rows[0], fmt.Sprint(rate.EventsPerTick))
		}
	}
	if len(sizes) == 0 {
		return
	}
	for _, n := range memoryNames {
		if byName[n.name] == nil {
			continue
		}
		rates, ratios := []string{n.text}, []string{"  of " + n.to}
		for _, size := range sizes {
			rates = append(rates, rateText(byName[n.name][size].EventsPerSecond))
			ratios = append(ratios, ratioText(byName[n.name][size], n.ratio))
		}
		rows = append(rows, rates)
		if n.ratio != "" && byName[n.ratio] != nil {
			rows = append(rows, ratios)
		}
	}
	table(out, "In memory, one core, events/s", rows)
}

func (r *Report) throughputText(out *bytes.Buffer) {
	rows := [][]string{{"processes, sync, events a tick", "bus alone", "busy", "to last digest", "of bus", "busy", "bound", "to verdict", "of bus", "to feed", "of bus", "Python", "verdict/Python"}}
	bySetting := make(map[Setting]map[string]Rate)
	var settings []Setting
	for _, rate := range r.Rates {
		if rate.Sync == "" || rate.Processes == RunProcesses {
			continue
		}
		if bySetting[rate.Setting] == nil {
			bySetting[rate.Setting] = make(map[string]Rate)
			settings = append(settings, rate.Setting)
		}
		bySetting[rate.Setting][rate.Name] = rate
	}
	for _, s := range settings {
		rates := bySetting[s]
		digest, verdict, feed := rates[RateDigest], rates[RateVerdict], rates[RateFeed]
		rows = append(rows, []string{settingText(s), rateText(rates[RateRaw].EventsPerSecond), busyText(rates[RateRaw].Busy),
			rateText(digest.EventsPerSecond), ratioText(digest, RateRaw), busyText(digest.Busy), boundText(digest, RateRaw),
			rateText(verdict.EventsPerSecond), ratioText(verdict, RateRaw),
			rateText(feed.EventsPerSecond), ratioText(feed, RateRaw),
			rateText(rates[RatePython].EventsPerSecond), ratioText(verdict, RatePython)})
	}
	if len(settings) > 0 {
		table(out, "Whole pipeline, events/s", rows)
	}
}

func busyText(busy float64) string {
	if busy == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*busy)
}

// boundText is the ratio that there would be if all processors had been at work all the time:
// what is beyond it is not to be had without doing less.
func boundText(r Rate, other string) string {
	if r.Busy == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r.Ratios[other]/r.Busy)
}

func settingText(s Setting) string {
	return fmt.Sprintf("%-3s  %-8s  %3d", s.Processes, s.Sync, s.EventsPerTick)
}

func (r *Report) latencyText(out *bytes.Buffer) {
	if len(r.Latencies) == 0 {
		return
	}
	rows := [][]string{
		{"", "", "late", "", "digest", "", "", "bus alone", "", "verdict", "", ""},
		{"processes, sync, events a tick", "events/s", "p50", "p99", "p50", "p99", "max", "p50", "p99", "p50", "p99", "max"},
	}
	for _, l := range r.Latencies {
		row := []string{settingText(l.Setting), rateText(l.Achieved)}
		for _, ms := range []float64{l.Late.P50, l.Late.P99, l.Digest.P50, l.Digest.P99, l.Digest.Max, l.Bus.P50, l.Bus.P99, l.Verdict.P50, l.Verdict.P99, l.Verdict.Max} {
			row = append(row, fmt.Sprintf("%.2f", ms))
		}
		rows = append(rows, row)
	}
	table(out, fmt.Sprintf("Latency in ms at %s events/s: tick executed after it was due, its digest seen after that,\nthe same over the bus alone, verdict stored after the window's last digest", rateText(r.Latencies[0].Rate)), rows)
}

func (r *Report) growthText(out *bytes.Buffer) {
	if len(r.Growth) > 0 {
		rows := [][]string{{"events in the stream", "events/s", "restart hasher+gate", "restart server", "restart all", "peak MiB: " + memoryHeader(r.Growth[0].Peak)}}
		for _, g := range r.Growth {
			rows = append(rows, []string{fmt.Sprint(g.Events), rateText(g.EventsPerSecond), seconds(g.HasherAndGateRestart),
				seconds(g.ServerRestart), seconds(g.FullRestart), memoryText(g.Peak)})
		}
		table(out, "As a stream grows", rows)
	}
	if len(r.Extremes) > 0 {
		rows := [][]string{{"runs of ticks of events", "to verdict", "events/s", "peak MiB: " + memoryHeader(r.Extremes[0].Peak)}}
		for _, e := range r.Extremes {
			rows = append(rows, []string{fmt.Sprintf("%d of %d of %d", e.Runs, e.Ticks, e.EventsPerTick), seconds(e.Seconds), rateText(e.EventsPerSecond), memoryText(e.Peak)})
		}
		table(out, "Windows of extreme shape", rows)
	}
}

func seconds(s float64) string { return fmt.Sprintf("%.2f s", s) }

func memoryHeader(peak map[Role]uint64) string {
	var roles []string
	for _, role := range slices.Sorted(maps.Keys(peak)) {
		roles = append(roles, string(role))
	}
	return strings.Join(roles, ", ")
}

func memoryText(peak map[Role]uint64) string {
	var sizes []string
	for _, role := range slices.Sorted(maps.Keys(peak)) {
		sizes = append(sizes, fmt.Sprint(peak[role]>>20))
	}
	return strings.Join(sizes, ", ")
}
