package audit

import (
	"context"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// around is how many events a verdict shows before a difference and after it.
const around = 3

// maxShown is the longest text that a verdict shows whole, in bytes.
const maxShown = 16 << 10

// excerpt is a tick of a run with up to three events before and after it.
type excerpt struct {
	before []any
	here   []pair
	after  []any
}

// excerpt reads the frames around a tick, from a frame of an earlier tick on.
func (j *judgement) excerpt(ctx context.Context, number int, from uint64, tick int64) (*excerpt, error) {
	x, r := &excerpt{before: []any{}}, j.runs[number]
	for m, err := range j.a.part(ctx, events.StreamTrace, events.TraceSubject(r.key), from, r.coveredSeq) {
		if err != nil {
			return nil, err
		}
		at, list, err := readTrees(m.Data)
		if err != nil {
			return nil, fmt.Errorf("%s %d, which was good before: %w", m.Stream, m.Seq, err)
		}
		for _, p := range list {
			switch {
			case j.laneAlone && p.event["lane"] != "forecast":
			case at < tick:
				x.before = append(x.before, p.event)
				x.before = x.before[max(0, len(x.before)-around):]
			case at == tick:
				x.here = append(x.here, p)
			case len(x.after) < around:
				x.after = append(x.after, p.event)
			}
		}
		if len(x.after) == around {
			break
		}
	}
	return x, nil
}

// side is what the verdict must show of a run: what stands at the place of the
// difference, the event there if this run has it, and those after it.
func (x *excerpt) side(run, index int, at any, has bool) side {
	s := side{Run: run, Present: at != (missing{}), After: []any{}}
	if s.Present {
		s.Canonical, s.Value = canonical(at), at
	}
	rest := x.here[index:]
	if has {
		s.Event = rest[0].event
		s.Error, _ = rest[0].result["error"].(string)
		rest = rest[1:]
	}
	for _, p := range rest {
		s.After = append(s.After, p.event)
	}
	s.After = append(s.After, x.after...)
	s.After = s.After[:min(len(s.After), around)]
	return s
}

// allow takes over how a verdict shows a side, where it may: a long text is cut, and
// a value that JSON has not, or that is cut or nested too deep, is null.
func (s *side) allow(said *side) {
	full := s.Canonical
	deep := strings.Count(full, "[")+strings.Count(full, "{") > maxDepth-10
	if said.Value == nil && (len(full) > maxShown || deep || !isJSON(s.Value)) {
		s.Value = nil
	}
	s.Canonical, s.Error = excerptOf(full, said.Canonical), excerptOf(s.Error, said.Error)
}

// excerptOf returns shown if it may stand for a text, else the text.
func excerptOf(text, shown string) string {
	if len(text) > maxShown && len(shown) <= maxShown && strings.Contains(text, strings.Trim(shown, "…")) {
		return shown
	}
	return text
}

// isJSON tells whether a tree holds nothing that JSON has no form for.
func isJSON(tree any) bool {
	_, err := treeOf(tree)
	return err == nil
}
