package bench

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// ticks of the system's clock that all processors have spent at work, and without work. They
// are of the whole machine: the kernel's part in moving bytes between processes is nobody's.
type processorTime struct{ busy, idle float64 }

// processors reads them where Linux tells.
func processors() (t processorTime, ok bool) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return t, false
	}
	defer f.Close()
	line := bufio.NewScanner(f)
	if !line.Scan() {
		return t, false
	}
	// See proc_stat(5): cpu user nice system idle iowait irq softirq …
	for i, field := range strings.Fields(line.Text()) {
		n, err := strconv.ParseFloat(field, 64)
		switch {
		case i == 0 && field == "cpu":
		case i == 0 || err != nil:
			return t, false
		case i == 4 || i == 5:
			t.idle += n
		case i < 8:
			t.busy += n
		}
	}
	return t, t.busy > 0
}

// busySince returns the part of all processors that was at work since then, 0 where that is
// not known.
func busySince(before processorTime) float64 {
	now, ok := processors()
	busy, idle := now.busy-before.busy, now.idle-before.idle
	if !ok || before.busy == 0 || busy+idle <= 0 {
		return 0
	}
	return busy / (busy + idle)
}
