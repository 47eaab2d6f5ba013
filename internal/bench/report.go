package bench

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// Schema is the version of [Report] as JSON.
const Schema = "ers.bench.v1"

// Report is what was measured.
type Report struct {
	Schema    string    `json:"schema"` // Schema
	Quick     bool      `json:"quick"`  // true: the figures mean nothing
	Machine   Machine   `json:"machine"`
	Turns     int       `json:"turns"`
	Rates     []Rate    `json:"rates,omitempty"`
	Latencies []Latency `json:"latencies,omitempty"`
	Waits     []Wait    `json:"waits,omitempty"`
	Steady    []Steady  `json:"steady,omitempty"`
	Growth    []Growth  `json:"growth,omitempty"`
	Extremes  []Extreme `json:"extremes,omitempty"`
	Many      []Many    `json:"many,omitempty"`
	LeftOut   []string  `json:"left_out,omitempty"` // what could not be measured, and why
}

// Machine is where it was measured, and with what.
type Machine struct {
	CPU        string `json:"cpu"` // "" when unknown
	CPUs       int    `json:"cpus"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Go         string `json:"go"`
	NATSServer string `json:"nats_server"`
	Python     string `json:"python,omitempty"` // "" when there is none, or it was not asked for
}

func machine() Machine {
	return Machine{CPU: cpuModel(), CPUs: runtime.GOMAXPROCS(0), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Go: runtime.Version(), NATSServer: server.VERSION}
}

// cpuModel is what Linux says that the processor is.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Setting is what one measurement has in common with no other. Sync and Processes are
// empty where there is no bus.
type Setting struct {
	EventsPerTick int       `json:"events_per_tick"`
	Sync          Sync      `json:"sync,omitempty"`
	Processes     Processes `json:"processes,omitempty"`
}

func (s Setting) String() string {
	text := fmt.Sprintf("%d events a tick", s.EventsPerTick)
	if s.Sync != "" {
		text += fmt.Sprintf(", sync %s, processes %s", s.Sync, s.Processes)
	}
	return text
}

// Names of rates.
const (
	RateSHA256    = "sha256"             // crypto/sha256 over the canonical bytes of ticks
	RateCanonical = "canonical_sha256"   // events to canonical bytes to the same SHA-256
	RateFrames    = "frames_to_hashes"   // frames as read from the bus to all hashes of tick and run
	RateSchedule  = "schedule"           // scheduler ticks with empty tasks
	RateGo        = "go_in_memory"       // ticks, canonical bytes, hashes of ticks and run
	RatePython    = "python_in_memory"   // the same in Python
	RateRaw       = "raw"                // frames appended and read, with no work done
	RateDigest    = "pipeline_to_digest" // the whole pipeline, to the last digest
	RateVerdict   = "pipeline_to_verdict"
	RateFeed      = "pipeline_to_feed" // until the feed has shown the window too, as it must where windows never stop coming
)

// Rate is how fast one thing was.
type Rate struct {
	Setting
	Name            string             `json:"name"`
	EventsPerSecond float64            `json:"events_per_second"` // median of the turns
	BytesPerSecond  float64            `json:"bytes_per_second,omitempty"`
	Busy            float64            `json:"busy,omitempty"`   // part of all processors of the machine that was at work meanwhile; where Linux tells
	Ratios          map[string]float64 `json:"ratios,omitempty"` // to other rates, by name: medians of the ratios within a turn
	Turns           []float64          `json:"turns"`            // events/s of each turn
}

// Latency is how long things took at a fixed rate.
type Latency struct {
	Setting
	Rate     float64   `json:"rate"`     // events/s that were asked for
	Achieved float64   `json:"achieved"` // events/s that were executed
	Late     Quantiles `json:"late"`     // from when a tick was due to when it had been executed
	Digest   Quantiles `json:"digest"`   // from there to when a follower has its digest
	Bus      Quantiles `json:"bus"`      // from when a frame was appended to when a follower has an answer to it as long as its digest, with no work done
	Verdict  Quantiles `json:"verdict"`  // from a window's last digest to its verdict, as stored
}

// Names of rates and waits where tasks are in processes of their own.
const (
	RateBarePython = "pipe_python"      // the least that workers in Python do, through pipes
	RateKit        = "workers_python"   // workers of the kit, to the verdict, their start included
	RateV02        = "gate_v02"         // the gate of ERS v0.2
	RatePipeGo     = "pipe_go"          // workers in Go, through pipes
	RateWorkersGo  = "workers_go"       // workers in Go, to the verdict, their start included
	WaitPython     = "start_python"     // 24 processes that import what the kit imports
	WaitKit        = "window_24_python" // a window of one tick with 24 workers of the kit, to the verdict
	WaitTrue       = "start_true"       // true 12 times, one after the other, with nothing around it
	WaitTry        = "try_true"         // ers try -- true
)

// Wait is how long one thing took.
type Wait struct {
	Name    string    `json:"name"`
	Seconds float64   `json:"seconds"` // median of the turns
	Turns   []float64 `json:"turns"`
}

// Steady is what a coordinator of workers needs after a window of so many ticks a run.
type Steady struct {
	Setting
	Ticks int64  `json:"ticks"`
	Peak  uint64 `json:"peak_rss_bytes"` // since its start; 0 where Linux does not tell
}

// Growth is how things are with so many events in the stream.
type Growth struct {
	Setting
	Events          int64           `json:"events"`
	EventsPerSecond float64         `json:"events_per_second"` // to the verdicts, of all windows since the row before
	Peak            map[Role]uint64 `json:"peak_rss_bytes"`    // of each service since its start; where Linux tells

	// Seconds until a window of one tick that is asked for at once has its verdict:
	// after hasher and gate were started again, and after all, the server too, were.
	HasherAndGateRestart float64 `json:"restart_hasher_gate_seconds"`
	ServerRestart        float64 `json:"restart_server_seconds"` // until the server takes connections
	FullRestart          float64 `json:"restart_all_seconds"`
}

// Extreme is one window of an unusual shape.
type Extreme struct {
	Setting
	Runs            int             `json:"runs"`
	Ticks           int64           `json:"ticks"`   // of each run
	Seconds         float64         `json:"seconds"` // to the verdict
	EventsPerSecond float64         `json:"events_per_second"`
	Peak            map[Role]uint64 `json:"peak_rss_bytes"`
}

// Many is how long looking and starting again take with so many small windows.
type Many struct {
	Setting
	Windows       int     `json:"windows"`
	FillPerSecond float64 `json:"fill_per_second"`        // windows since the row before, to the documents for viewers
	ServerRestart float64 `json:"restart_server_seconds"` // until the server takes connections
	FullRestart   float64 `json:"restart_all_seconds"`    // until a window that is asked for at once has its verdict
	Waits         []Wait  `json:"waits"`
}

// Names of the waits of [Many].
const (
	waitRestart = "restart_" // and the role: its start, until a window that is asked for at once has its verdict

	WaitList         = "list"          // ers list
	WaitListPipeline = "list_pipeline" // of one pipeline
	WaitListFails    = "list_fails"    // of those that fail
	WaitListJSON     = "list_json"
	WaitShow         = "show"        // ers show: the last window
	WaitPage         = "page_list"   // the page's start, until it lists its first windows
	WaitPageAll      = "page_all"    // until it knows all windows that it lists
	WaitSearch       = "page_search" // a task among all of these
)
