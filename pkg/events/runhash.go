package events

import (
	"encoding/base64"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// Each hash has a domain of its own by the key of the list that it covers.
const (
	traceKey  = "events"
	resultKey = "results"
)

// RunHash computes the hashes of a run tick by tick, in memory that does not grow.
// It is not safe for concurrent use. Make one with [NewRunHash].
type RunHash struct {
	tick, run hashes
	buf       []byte
}

// hashes are those of a list of events and results. As long as no shadow task was among
// them, the forecast lane is all there is: its two hashes are nil then, and stand for
// the other two, so that nothing is hashed twice.
type hashes struct{ trace, result, forecast, forecastResult *canon.ListHash }

func newHashes() hashes {
	return hashes{trace: canon.NewListHash(traceKey), result: canon.NewListHash(resultKey)}
}

// part makes the forecast lane's hashes of their own, from here on.
func (h *hashes) part() {
	if h.forecast == nil {
		h.forecast, h.forecastResult = h.trace.Clone(), h.result.Clone()
	}
}

func (h *hashes) clone() hashes {
	c := hashes{trace: h.trace.Clone(), result: h.result.Clone()}
	if h.forecast != nil {
		c.forecast, c.forecastResult = h.forecast.Clone(), h.forecastResult.Clone()
	}
	return c
}

func (h *hashes) sum() Hashes {
	s := Hashes{Trace: h.trace.Sum().String(), Result: h.result.Sum().String()}
	s.Forecast, s.ForecastResult = s.Trace, s.Result
	if h.forecast != nil {
		s.Forecast, s.ForecastResult = h.forecast.Sum().String(), h.forecastResult.Sum().String()
	}
	return s
}

func (h *hashes) reset() {
	h.trace.Reset()
	h.result.Reset()
	h.forecast, h.forecastResult = nil, nil
}

// NewRunHash returns the hash of a run that has no ticks yet.
func NewRunHash() *RunHash { return &RunHash{tick: newHashes(), run: newHashes()} }

// Clone returns a hash that goes on from here on its own.
func (h *RunHash) Clone() *RunHash { return &RunHash{tick: h.tick.clone(), run: h.run.clone()} }

// AddFrame adds what a decoded frame holds. After the last frame of a tick call
// [RunHash.EndTick].
func (h *RunHash) AddFrame(d *FrameDecoder) {
	shadow := d.hasShadow()
	for _, to := range [...]*hashes{&h.tick, &h.run} {
		if shadow {
			to.part()
		}
		to.trace.AddJoined(d.Events(), d.Len())
		to.result.AddJoined(d.Results(), d.Len())
		if to.forecast == nil {
			continue
		}
		for s := range d.forecastSpans() {
			to.forecast.AddJoined(s.events, s.n)
			to.forecastResult.AddJoined(s.results, s.n)
		}
	}
}

// EndTick returns the hashes of the tick whose frames were added and begins the
// next one.
func (h *RunHash) EndTick() Hashes {
	sums := h.tick.sum()
	h.tick.reset()
	return sums
}

// Add adds a whole tick and returns its hashes.
func (h *RunHash) Add(t *Tick) (Hashes, error) {
	var err error
	if h.buf, err = addTick(h.buf, t, &h.tick, &h.run); err != nil {
		return Hashes{}, err
	}
	return h.EndTick(), nil
}

// addTick adds a tick to some hashes. buf is to write in, and returned for the next.
func addTick(buf []byte, t *Tick, to ...*hashes) ([]byte, error) {
	if len(t.Events) != len(t.Results) {
		return buf, fmt.Errorf("tick %d has %d events but %d results", t.Tick, len(t.Events), len(t.Results))
	}
	for i := range t.Events {
		event, err := AppendEvent(buf[:0], &t.Events[i])
		if err != nil {
			return buf, fmt.Errorf("tick %d, event %d: %w", t.Tick, i, err)
		}
		if buf, err = AppendResult(event, &t.Results[i]); err != nil {
			return buf, fmt.Errorf("tick %d, result %d: %w", t.Tick, i, err)
		}
		result := buf[len(event):]
		for _, to := range to {
			if t.Events[i].Lane != Forecast {
				to.part()
			}
			to.trace.Add(event)
			to.result.Add(result)
			if t.Events[i].Lane == Forecast && to.forecast != nil {
				to.forecast.Add(event)
				to.forecastResult.Add(result)
			}
		}
	}
	return buf, nil
}

// Sum returns the hashes of the run so far.
func (h *RunHash) Sum() Hashes { return h.run.sum() }

// Events is the number of events of the run so far.
func (h *RunHash) Events() int64 { return h.run.trace.Count() }

// State returns the midstates of the run's hashes between two ticks, for [Digest].State.
// [RunHash.Restore] goes on from there without the ticks before.
func (h *RunHash) State() string {
	var states [4]string
	for i, l := range h.run.lists() {
		raw, _ := l.AppendBinary(nil) // never fails
		states[i] = base64.StdEncoding.EncodeToString(raw)
	}
	return strings.Join(states[:], ".")
}

// Restore is the reverse of State.
func (h *RunHash) Restore(state string) error {
	h.run.part()
	lists := h.run.lists()
	states := strings.Split(state, ".")
	if len(states) != len(lists) {
		return fmt.Errorf("hash state: %d parts where %d belong", len(states), len(lists))
	}
	for i, l := range lists {
		raw, err := base64.StdEncoding.Strict().DecodeString(states[i])
		if err == nil {
			err = l.UnmarshalBinary(raw)
		}
		if err != nil {
			return fmt.Errorf("hash state, part %d: %w", i+1, err)
		}
	}
	if states[0] == states[2] && states[1] == states[3] { // no shadow task so far
		h.run.forecast, h.run.forecastResult = nil, nil
	}
	return nil
}

func (h *hashes) lists() [4]*canon.ListHash {
	if h.forecast == nil {
		return [4]*canon.ListHash{h.trace, h.result, h.trace, h.result}
	}
	return [4]*canon.ListHash{h.trace, h.result, h.forecast, h.forecastResult}
}

// TickHashes returns the hashes of one tick.
func TickHashes(t *Tick) (Hashes, error) {
	h := newHashes()
	if _, err := addTick(nil, t, &h); err != nil {
		return Hashes{}, err
	}
	return h.sum(), nil
}

// TraceSHA256 returns the trace hash of a list of events, in lower-case hex.
func TraceSHA256(events []TraceEvent) (string, error) {
	h := canon.NewListHash(traceKey)
	var buf []byte
	for i := range events {
		var err error
		if buf, err = AppendEvent(buf[:0], &events[i]); err != nil {
			return "", fmt.Errorf("event %d: %w", i, err)
		}
		h.Add(buf)
	}
	return h.Sum().String(), nil
}
