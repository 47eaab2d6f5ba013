package invariants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// verdict is a message of ERS_VERDICT.
type verdict struct {
	m *message

	Schema, Outcome, Pipeline, Request string
	Window                             uint64
	Runs                               int
	Ticks                              int64
	Hashes                             []string
	Results                            []string `json:"result_hashes"`
	DigestSeq                          uint64   `json:"digest_seq"`
	Divergence                         *struct{ Kind string }
	Problems                           []json.RawMessage
}

func (c *checker) verdict(m *message) {
	c.Verdicts++
	at := tokens(m.subject, "ers.verdict.", 3)
	v := &verdict{m: m}
	err := json.Unmarshal(m.data, v)
	if at == nil || err != nil || v.Schema != "ers.verdict.v2" || v.Outcome != at[0] || v.Pipeline != at[1] || strconv.FormatUint(v.Window, 10) != at[2] {
		c.wrong("%v: no verdict: %v", m, err)
		return
	}
	if c.requests[v.Window] == nil {
		c.wrong("%v: nobody asked for its window", m)
	}
	c.verdicts[v.Window] = append(c.verdicts[v.Window], v)
	c.Outcomes[v.Outcome]++
}

// shown is what viewers have of a window.
type shown struct {
	packs     map[int][]int64 // ticks, by run
	stability int
}

func (c *checker) document(m *message) {
	if at := tokens(m.subject, "ers.viz.stability.", 2); at != nil {
		if window, err := strconv.ParseUint(at[1], 10, 64); err == nil {
			c.shownOf(window).stability++
		}
		return
	}
	k, ok := subjectKey(m.subject, "ers.viz.trendpack.")
	var pack struct{ Tick int64 }
	if err := json.Unmarshal(m.data, &pack); err != nil || !ok {
		c.wrong("%v: no document for viewers: %v", m, err)
		return
	}
	s := c.shownOf(k.window)
	s.packs[k.run] = append(s.packs[k.run], pack.Tick)
}

func (c *checker) shownOf(window uint64) *shown {
	if c.shown[window] == nil {
		c.shown[window] = &shown{packs: map[int][]int64{}}
	}
	return c.shown[window]
}

// judge makes sure that a window has one verdict, and that it is what its runs say.
func (c *checker) judge(r *request) {
	list := c.verdicts[r.seq]
	if len(list) != 1 {
		c.wrong("window %d has %d verdicts", r.seq, len(list))
		return
	}
	v := list[0]
	if v.Request != r.sha || v.Pipeline != r.Pipeline || v.Runs != r.Runs || v.Ticks != r.Ticks || len(v.Hashes) != r.Runs || len(v.Results) != r.Runs {
		c.wrong("%v: it is not of the request of window %d", v.m, r.seq)
		return
	}
	if r.outcome != "" && v.Outcome != r.outcome {
		c.wrong("%v: %s, and it must be %s: %s", v.m, v.Outcome, r.outcome, v.Problems)
	}
	c.objects(r)
	runs := make([]*run, r.Runs)
	whole, equal, differs, last := 0, true, false, uint64(0)
	var first *run
	for i := range runs {
		x := c.runs[key{r.Pipeline, r.seq, i}]
		if runs[i] = x; x == nil || x.final == 0 {
			c.wrong("%v: run %d has no last digest", v.m, i)
			return
		}
		last = max(last, x.final)
		differs = differs || x.difference
		trace, result := "", ""
		if x.sealed() && !x.problem {
			whole++
			trace, result = c.hashes(v.m, x, 0, len(x.events))
			if first == nil {
				first = x
			}
			equal = equal && same(first.events, x.events) && same(first.results, x.results)
		}
		if v.Hashes[i] != trace || v.Results[i] != result {
			c.wrong("%v: its hashes of run %d are not those of the frames", v.m, i)
		}
	}
	differs = differs || !equal
	latched := r.Latch != nil && v.Divergence != nil && v.Divergence.Kind == "latch"
	switch {
	case v.DigestSeq != last:
		c.wrong("%v: it names digest %d, and the window's last is %d", v.m, v.DigestSeq, last)
	case v.Outcome == "pass" && (whole < r.Runs || differs):
		c.wrong("%v: a pass, where %d of %d runs are whole, and they differ: %t", v.m, whole, r.Runs, differs)
	case v.Outcome == "fail" && !differs && !latched:
		c.wrong("%v: a fail, where no two runs differ", v.m)
	case v.Outcome == "inconclusive" && (whole == r.Runs || differs):
		c.wrong("%v: inconclusive, where %d of %d runs are whole, and they differ: %t", v.m, whole, r.Runs, differs)
	}
	c.viewers(v, runs)
}

// same tells whether the bytes are.
func same(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// objects makes sure that what a request names is there.
func (c *checker) objects(r *request) {
	for _, sha := range []string{r.Definition, r.Contexts} {
		data, err := c.object(sha)
		if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) && !errors.Is(err, jetstream.ErrDigestMismatch) {
			c.failed = fmt.Errorf("object %s: %w", sha, err)
			return
		}
		if m := (&message{data: data}); err != nil || m.sha() != sha {
			c.wrong("window %d: object %s is lost or damaged: %v", r.seq, sha, err)
		}
	}
}

// viewers makes sure that they have nothing twice and, where it is asked for, all.
func (c *checker) viewers(v *verdict, runs []*run) {
	s := c.shownOf(v.Window)
	if s.stability > 1 || c.want.Feed && s.stability == 0 {
		c.wrong("window %d is shown %d times", v.Window, s.stability)
	}
	for i, ticks := range s.packs {
		if i >= len(runs) || len(ticks) > len(runs[i].ticks) || c.want.Feed && len(ticks) != len(runs[i].ticks) {
			c.wrong("window %d: viewers have %d ticks of run %d", v.Window, len(ticks), i)
			continue
		}
		for j, tick := range ticks {
			if tick != runs[i].ticks[j].number {
				c.wrong("window %d: viewers have tick %d of run %d in the place of tick %d", v.Window, tick, i, runs[i].ticks[j].number)
			}
		}
	}
}
