package invariants

import (
	"encoding/json"
	"strconv"
)

// request is a window that was asked for.
type request struct {
	seq     uint64
	sha     string
	outcome string // that it must have; "" is any

	Schema     string
	Pipeline   string
	Definition string `json:"definition_sha256"`
	Contexts   string `json:"contexts_sha256"`
	Runs       int
	FirstTick  int64 `json:"first_tick"`
	Ticks      int64
	Latch      json.RawMessage
	Groups     json.RawMessage
}

func (c *checker) request(m *message) {
	at := tokens(m.subject, "ers.window.", 2)
	if at == nil {
		return // a control event or a run that is handed out
	}
	r := &request{seq: m.seq, sha: m.sha()}
	if err := json.Unmarshal(m.data, r); err != nil || r.Schema != "ers.window.v2" || r.Pipeline != at[1] || r.Groups != nil || r.Ticks == 0 {
		c.wrong("%v: no request that this check can judge: %v", m, err)
		return
	}
	c.Windows++
	c.requests[m.seq] = r
}

// run is what frames and digests say of a run.
type run struct {
	tick, first int64 // of the frame that must come next
	total       int64 // events of a tick that has begun
	ended       bool  // no frame may follow
	abandoned   bool
	difference  bool
	ticks       []tick
	events      [][]byte // of all whole ticks, and of the one that has begun
	results     [][]byte

	hashed       int // ticks that digests cover
	hashedEvents int
	final        uint64 // sequence of the digest that ends it
	problem      bool
}

// tick is a whole tick.
type tick struct {
	number              int64
	firstSeq, lastSeq   uint64
	firstEvent, atEvent int // events[firstEvent:atEvent] of the run
}

// subjectKey reads the three tokens behind a prefix.
func subjectKey(subject, prefix string) (key, bool) {
	at := tokens(subject, prefix, 3)
	if at == nil {
		return key{}, false
	}
	window, err := strconv.ParseUint(at[1], 10, 64)
	n, errRun := strconv.Atoi(at[2])
	return key{at[0], window, n}, err == nil && errRun == nil
}

// runOf finds the run that a message is of.
func (c *checker) runOf(m *message, prefix string) (key, *request, *run) {
	k, ok := subjectKey(m.subject, prefix)
	r := c.requests[k.window]
	if !ok || r == nil || r.Pipeline != k.pipeline || k.run < 0 || k.run >= r.Runs {
		c.wrong("%v: there is no such run", m)
		return k, nil, nil
	}
	if c.runs[k] == nil {
		c.runs[k] = &run{tick: r.FirstTick}
	}
	return k, r, c.runs[k]
}

// frame takes a frame, which must be the one that comes next in its run.
func (c *checker) frame(m *message) {
	c.Frames++
	k, asked, r := c.runOf(m, "ers.trace.")
	if r == nil {
		return
	}
	f, err := readFrame(m.data)
	if err != nil {
		c.wrong("%v: %v", m, err)
		return
	}
	over := f.abandoned || f.difference
	switch {
	case f.request != asked.sha || f.pipeline != k.pipeline || f.window != int64(k.window) || f.run != int64(k.run) || f.firstTick != asked.FirstTick || f.ticks != asked.Ticks:
		c.wrong("%v: it is of another request or run than %v", m, k)
	case r.ended:
		c.wrong("%v: it follows the end of %v", m, k)
	case !over && (f.tick != r.tick || f.first != r.first || r.first > 0 && f.total != r.total):
		c.wrong("%v: %v has event %d of tick %d where event %d of tick %d must come", m, k, f.first, f.tick, r.first, r.tick)
	}
	if over {
		r.ended, r.abandoned, r.difference = true, f.abandoned, f.difference
		return
	}
	if r.first == 0 {
		r.ticks = append(r.ticks, tick{number: f.tick, firstSeq: m.seq, firstEvent: len(r.events)})
	}
	r.events, r.results = append(r.events, f.events...), append(r.results, f.results...)
	r.first, r.total = f.first+int64(len(f.events)), f.total
	if r.first < f.total {
		return
	}
	t := &r.ticks[len(r.ticks)-1]
	t.lastSeq, t.atEvent = m.seq, len(r.events)
	r.tick, r.first = f.tick+1, 0
	r.ended = r.tick == asked.FirstTick+asked.Ticks || f.runsEnd
}

// sealed tells whether all of a run is there.
func (r *run) sealed() bool { return r != nil && r.ended && !r.abandoned && !r.difference }

// digest is a message of ERS_DIGEST.
type digest struct {
	Schema, Request, Pipeline string
	Window                    uint64
	Run                       int
	Covers                    []struct {
		Tick     int64
		Events   int
		FirstSeq uint64 `json:"first_seq"`
		LastSeq  uint64 `json:"last_seq"`
		Trace    string `json:"trace_sha256"`
		Result   string `json:"result_sha256"`
	}
	Done       int
	Events     int
	Trace      string `json:"trace_sha256"`
	Result     string `json:"result_sha256"`
	Final      bool
	Problem    json.RawMessage
	Difference json.RawMessage
}

// digest takes a digest, which must go on where the one before it on its run ended.
func (c *checker) digest(m *message) {
	c.Digests++
	k, asked, r := c.runOf(m, "ers.digest.")
	if r == nil {
		return
	}
	var d digest
	if err := json.Unmarshal(m.data, &d); err != nil || d.Schema != "ers.digest.v2" {
		c.wrong("%v: no digest: %v", m, err)
		return
	}
	switch {
	case d.Request != asked.sha || d.Pipeline != k.pipeline || d.Window != k.window || d.Run != k.run:
		c.wrong("%v: it is of another request or run than %v", m, k)
	case r.final != 0:
		c.wrong("%v: it follows the last digest of %v, sequence %d", m, k, r.final)
	case d.Problem != nil && !r.abandoned:
		c.wrong("%v: a problem with %v, whose frames are good: %s", m, k, d.Problem)
	case (d.Difference != nil) != (r.difference && d.Final):
		c.wrong("%v: it does not say of a difference what the frames of %v say", m, k)
	}
	for _, covered := range d.Covers {
		if r.hashed >= len(r.ticks) || r.ticks[r.hashed].lastSeq == 0 {
			c.wrong("%v: it covers tick %d of %v, which is not there", m, covered.Tick, k)
			return
		}
		t := r.ticks[r.hashed]
		trace, result := c.hashes(m, r, t.firstEvent, t.atEvent)
		if covered.Tick != t.number || covered.FirstSeq != t.firstSeq || covered.LastSeq != t.lastSeq || covered.Events != t.atEvent-t.firstEvent ||
			covered.Trace != trace || covered.Result != result {
			c.wrong("%v: what it says of tick %d is not what the frames have at tick %d of %v", m, covered.Tick, t.number, k)
		}
		r.hashed, r.hashedEvents = r.hashed+1, t.atEvent
	}
	trace, result := c.hashes(m, r, 0, r.hashedEvents)
	if d.Done != r.hashed || d.Events != r.hashedEvents || d.Trace != trace || d.Result != result {
		c.wrong("%v: it says %d ticks, %d events of %v, and there are %d and %d, or their hashes are others", m, d.Done, d.Events, k, r.hashed, r.hashedEvents)
	}
	if d.Final {
		r.final, r.problem = m.seq, d.Problem != nil
		if d.Problem == nil && d.Difference == nil && (!r.sealed() || r.hashed != len(r.ticks)) {
			c.wrong("%v: it seals %v, which is not whole", m, k)
		}
	}
}

// hashes are those of some events of a run.
func (c *checker) hashes(m *message, r *run, from, to int) (trace, result string) {
	trace, err := hash("events", r.events[from:to])
	if err == nil {
		result, err = hash("results", r.results[from:to])
	}
	if err != nil {
		c.wrong("%v: %v", m, err)
	}
	return trace, result
}
