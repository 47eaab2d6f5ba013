package page

import (
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// tell writes a window of two runs and its verdict, for lists, which look no further. change
// may change the verdict.
func (s *station) tell(pipeline string, outcome events.Outcome, change func(*events.Verdict)) uint64 {
	s.t.Helper()
	hash := strings.Repeat("0", 64)
	v := &events.Verdict{Schema: events.VerdictSchema, Scheme: canon.Scheme, Outcome: outcome, Kind: events.Starlark, Pipeline: pipeline,
		Case: hash, DefinitionSHA256: hash, ContextsSHA256: hash, Runs: 2, Ticks: 1, Hashes: []string{hash, hash}, ResultHashes: []string{hash, hash},
		Groups: []events.Group{}, Outliers: []int{}}
	switch outcome {
	case events.Pass:
		v.Excludes = &events.Excludes{OneIn: 2, Percent: 50}
	case events.Fail:
		v.Divergence = &events.Divergence{Location: events.Location{Kind: events.KindExtra, Task: "odd"}, Runs: []int{1}, Before: []events.TraceEvent{}}
		v.Divergence.Expected.After, v.Divergence.Found.After = []events.TraceEvent{}, []events.TraceEvent{}
		v.Divergence.Expected.Value, v.Divergence.Found.Value = canon.Null, canon.Null
	case events.Inconclusive:
		v.Problems = []events.Problem{{Run: 1, Stream: events.StreamTrace, Reason: "gone"}}
	}
	if change != nil {
		change(v)
	}
	key, err := client.Request(s.t.Context(), s.bus, &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: pipeline,
		DefinitionSHA256: hash, ContextsSHA256: hash, Runs: v.Runs, Ticks: v.Ticks, Drill: v.Drill, Probe: v.Probe})
	if err != nil {
		s.t.Fatal(err)
	}
	v.Window, v.Request = key.Window, key.Request
	data, err := events.Encode(v)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.bus.AppendOnce(s.t.Context(), events.VerdictSubject(outcome, pipeline, key.Window), events.VerdictGuard(pipeline, key.Window), data); err != nil {
		s.t.Fatal(err)
	}
	return key.Window
}
