package aalviz

import (
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// RunID names a run in documents and file names: <pipeline>-<window>-<run>. The last
// two parts are numbers, so that no two runs of a server have the same.
func RunID(k events.RunKey) string {
	return k.Pipeline + "-" + strconv.FormatUint(k.Window, 10) + "-" + strconv.Itoa(k.Run)
}

// Engine is who ran the tasks, in every provenance.
const Engine = "ers"

// The modes of a run.
const (
	ModeWindow = "window"
	ModeDrill  = "drill" // one event of the window is falsified, to test the alarm
	ModeProbe  = "probe" // the window answers a question about another one
)

// Provenance says where a document comes from: nothing but what derives from content
// or is a sequence of a stream. What is about one tick is left out where a document is
// about a run.
type Provenance struct {
	Engine           string         `json:"engine"` // Engine
	Mode             string         `json:"mode"`
	Scheme           string         `json:"scheme"` // of the hashes: canon.Scheme
	Pipeline         string         `json:"pipeline"`
	Window           uint64         `json:"window"`
	Request          string         `json:"request"` // SHA-256 of the window's request
	Run              int            `json:"run"`
	Outcome          events.Outcome `json:"outcome"` // of the window
	VerdictSeq       uint64         `json:"verdict_seq"`
	DefinitionSHA256 string         `json:"definition_sha256"`
	ContextsSHA256   string         `json:"contexts_sha256"`

	TraceFirstSeq uint64 `json:"trace_first_seq,omitempty"` // ERS_TRACE sequences of the tick's frames
	TraceLastSeq  uint64 `json:"trace_last_seq,omitempty"`
	TraceSHA256   string `json:"trace_sha256,omitempty"` // of the tick, as in its digest
	ResultSHA256  string `json:"result_sha256,omitempty"`

	RunHeaderSHA256 string `json:"run_header_sha256,omitempty"` // of the run's RunHeader, where there is one
}

// NewProvenance returns what is the same for all ticks of a run. seq is the sequence
// of the verdict.
func NewProvenance(v *events.Verdict, seq uint64, run int) Provenance {
	return Provenance{
		Engine: Engine, Mode: Mode(v), Scheme: canon.Scheme,
		Pipeline: v.Pipeline, Window: v.Window, Request: v.Request, Run: run, Outcome: v.Outcome, VerdictSeq: seq,
		DefinitionSHA256: v.DefinitionSHA256, ContextsSHA256: v.ContextsSHA256,
	}
}

// ForTick adds what is about one tick: its hashes, and the sequences of its frames.
func (p Provenance) ForTick(h events.Hashes, first, last uint64) Provenance {
	p.TraceFirstSeq, p.TraceLastSeq = first, last
	p.TraceSHA256, p.ResultSHA256 = h.Trace, h.Result
	return p
}

// Mode of the runs of a window.
func Mode(v *events.Verdict) string {
	switch {
	case v.Drill != nil:
		return ModeDrill
	case v.Probe != nil:
		return ModeProbe
	}
	return ModeWindow
}

// value is the canonical form of a document or a part of one.
func value(doc any) (canon.Value, error) {
	b, err := events.Encode(doc)
	return canon.Value(b), err
}
