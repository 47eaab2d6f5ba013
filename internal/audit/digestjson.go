package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"abraxas.dev/ers/pkg/events"
)

// A digest as the auditor reads it.
type (
	tickDigest struct {
		Tick   int64 `json:"tick"`
		Events int64 `json:"events"`
		hashes
		FirstSeq uint64 `json:"first_seq"`
		LastSeq  uint64 `json:"last_seq"`
		Resumed  bool   `json:"resumed,omitempty"`
	}

	openTick struct {
		Pipeline string `json:"pipeline"`
		Window   uint64 `json:"window"`
		Run      int    `json:"run"`
		FirstSeq uint64 `json:"first_seq"`
	}

	digest struct {
		Schema    string       `json:"schema"`
		Scheme    string       `json:"scheme"`
		Request   string       `json:"request"`
		Pipeline  string       `json:"pipeline"`
		Window    uint64       `json:"window"`
		Run       int          `json:"run"`
		FirstTick int64        `json:"first_tick"`
		Ticks     int64        `json:"ticks"`
		Covers    []tickDigest `json:"covers"`
		Done      int64        `json:"done"`
		Events    int64        `json:"events"`
		hashes
		Final      bool           `json:"final"`
		Problem    *problem       `json:"problem,omitempty"`
		Difference *ownDifference `json:"difference,omitempty"`
		LastSeq    uint64         `json:"last_seq"`
		LowWater   uint64         `json:"low_water"`
		Open       []openTick     `json:"open,omitempty"`
		State      string         `json:"state,omitempty"`
	}
)

// readDigest reads a digest, and makes sure that it can be true by itself.
func readDigest(data []byte, key events.RunKey) (*digest, error) {
	d := new(digest)
	// What is written again as the same bytes has nothing that is not looked at. Why
	// others are not as they must be takes longer to find; a difference is rare.
	if json.Unmarshal(data, d) != nil || d.Schema != events.DigestSchema || d.Difference != nil || !bytes.Equal(d.append(nil), data) {
		*d = digest{}
		if err := readRecord(data, events.DigestSchema, d); err != nil {
			return nil, fmt.Errorf("a digest that cannot be read: %w", err)
		}
	}
	switch of := (events.RunKey{Pipeline: d.Pipeline, Window: d.Window, Run: d.Run}); {
	case d.Scheme != scheme:
		return nil, fmt.Errorf("a digest of scheme %.40q, this auditor knows %s", d.Scheme, scheme)
	case of != key:
		return nil, fmt.Errorf("a digest of run %s on the subject of run %s", of, key)
	case d.Done < int64(len(d.Covers)) || d.Ticks > 0 && d.Done > d.Ticks:
		return nil, fmt.Errorf("a digest with %d of %d ticks done, %d of them new", d.Done, d.Ticks, len(d.Covers))
	case (d.Problem != nil || d.Difference != nil) && !d.Final:
		return nil, fmt.Errorf("a digest with a problem or a difference that is not the last one")
	case d.Problem != nil && d.Difference != nil:
		return nil, fmt.Errorf("a digest with a problem and a difference")
	case d.Difference != nil && d.Difference.check() != nil:
		return nil, fmt.Errorf("a digest with a difference that is none: %w", d.Difference.check())
	case !isHash(d.Request):
		return nil, fmt.Errorf("a digest of request %.80q", d.Request)
	}
	return d, nil
}

// append appends the canonical form of a digest.
func (d *digest) append(dst []byte) []byte {
	m := &members{append(dst, `{"covers":[`...)}
	for i := range d.Covers {
		if i > 0 {
			m.raw(",")
		}
		d.Covers[i].append(m)
	}
	m.number(`],"done":`, d.Done)
	m.number(`,"events":`, d.Events)
	m.raw(`,"final":` + strconv.FormatBool(d.Final))
	m.number(`,"first_tick":`, d.FirstTick)
	m.text(`,"forecast_result_sha256":`, d.ForecastResult)
	m.text(`,"forecast_sha256":`, d.Forecast)
	m.number(`,"last_seq":`, int64(d.LastSeq))
	m.number(`,"low_water":`, int64(d.LowWater))
	d.appendOpen(m)
	m.text(`,"pipeline":`, d.Pipeline)
	if p := d.Problem; p != nil {
		m.text(`,"problem":{"reason":`, p.Reason)
		m.number(`,"run":`, int64(p.Run))
		m.number(`,"seq":`, int64(p.Seq))
		m.text(`,"stream":`, p.Stream)
		m.raw("}")
	}
	m.text(`,"request":`, d.Request)
	m.text(`,"result_sha256":`, d.Result)
	m.number(`,"run":`, int64(d.Run))
	m.text(`,"schema":`, d.Schema)
	m.text(`,"scheme":`, d.Scheme)
	if d.State != "" {
		m.text(`,"state":`, d.State)
	}
	m.number(`,"ticks":`, d.Ticks)
	m.text(`,"trace_sha256":`, d.Trace)
	m.number(`,"window":`, int64(d.Window))
	m.raw("}")
	return m.dst
}

func (t *tickDigest) append(m *members) {
	m.number(`{"events":`, t.Events)
	m.number(`,"first_seq":`, int64(t.FirstSeq))
	m.text(`,"forecast_result_sha256":`, t.ForecastResult)
	m.text(`,"forecast_sha256":`, t.Forecast)
	m.number(`,"last_seq":`, int64(t.LastSeq))
	m.text(`,"result_sha256":`, t.Result)
	if t.Resumed {
		m.raw(`,"resumed":true`)
	}
	m.number(`,"tick":`, t.Tick)
	m.text(`,"trace_sha256":`, t.Trace)
	m.raw("}")
}

func (d *digest) appendOpen(m *members) {
	for i, o := range d.Open {
		if i == 0 {
			m.raw(`,"open":[`)
		} else {
			m.raw(",")
		}
		m.number(`{"first_seq":`, int64(o.FirstSeq))
		m.text(`,"pipeline":`, o.Pipeline)
		m.number(`,"run":`, int64(o.Run))
		m.number(`,"window":`, int64(o.Window))
		m.raw("}")
	}
	if len(d.Open) > 0 {
		m.raw("]")
	}
}

// members appends JSON, member by member.
type members struct{ dst []byte }

func (m *members) raw(s string) { m.dst = append(m.dst, s...) }

func (m *members) number(name string, n int64) {
	m.dst = strconv.AppendInt(append(m.dst, name...), n, 10)
}

func (m *members) text(name, s string) { m.dst = appendString(append(m.dst, name...), s) }
