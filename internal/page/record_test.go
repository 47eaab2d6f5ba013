package page

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// fataler is a testing.TB or a rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// made is a window whose record is written here and not by the services: as long as is
// wanted, and as odd.
type made struct {
	runs         int
	first, ticks int64
	hashed       int64 // ticks that have digests; the others are recorded only
	covers       int   // ticks in a digest
	value        func(run int, tick int64) canon.Value
	task         string // the first one's name; "": count
}

var madeTasks = []events.TraceEvent{
	{Task: "count", Lane: events.Forecast, CostOps: 3, Meta: `{"tags":[]}`},
	{Task: "watch", Lane: events.Shadow, CostOps: 1, Meta: `{"tags":[]}`},
}

// write writes the window, its frames and its digests.
func (m *made) write(ctx context.Context, t fataler, b *bus.Bus) *window {
	t.Helper()
	hash := strings.Repeat("0", 64)
	w := &window{request: &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "long", DefinitionSHA256: hash, ContextsSHA256: hash,
		Runs: m.runs, FirstTick: m.first, Ticks: m.ticks, Budget: events.Budgets{Forecast: events.Budget{Ops: 8}, Shadow: events.Budget{Ops: 4}}}}
	var err error
	if w.WindowKey, err = client.Request(ctx, b, w.request); err != nil {
		t.Fatal(err)
	}
	for run := range m.runs {
		if err := m.writeRun(ctx, b, w.WindowKey, run); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (m *made) writeRun(ctx context.Context, b *bus.Bus, window events.WindowKey, run int) error {
	key := window.Run(run)
	var encoder events.FrameEncoder
	sums := events.NewRunHash()
	lastFrame, lastDigest := uint64(0), uint64(0)
	for from := int64(0); from < m.ticks; from += int64(m.covers) {
		to := min(from+int64(m.covers), m.ticks)
		var items []bus.Item
		d := events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: window.Request, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run,
			FirstTick: m.first, Ticks: m.ticks, Covers: []events.TickDigest{}}
		for i := from; i < to; i++ {
			tick := m.tick(key.Run, m.first+i)
			position := events.Position{Request: window.Request, RunKey: key, FirstTick: m.first, Ticks: m.ticks}
			if err := encoder.Encode(position, &tick, b.MaxPayload(), func(frame []byte, _ int) error {
				items = append(items, bus.Item{Subject: events.TraceSubject(key), Last: lastFrame, Data: bytes.Clone(frame)})
				return nil
			}); err != nil {
				return err
			}
			if i >= m.hashed {
				continue
			}
			hashes, err := sums.Add(&tick)
			if err != nil {
				return err
			}
			d.Covers = append(d.Covers, events.TickDigest{Tick: tick.Tick, Events: len(tick.Events), Hashes: hashes})
		}
		b.AppendAll(ctx, items)
		for i := range items {
			if items[i].Err != nil {
				return items[i].Err
			}
			lastFrame = items[i].Seq
			if i < len(d.Covers) { // small ticks: a frame each
				d.Covers[i].FirstSeq, d.Covers[i].LastSeq = lastFrame, lastFrame
			}
		}
		if len(d.Covers) == 0 {
			continue
		}
		d.Done, d.Events, d.Hashes, d.LastSeq, d.LowWater = from+int64(len(d.Covers)), sums.Events(), sums.Sum(), lastFrame, lastFrame
		d.Final = d.Done == m.ticks
		data, err := events.Encode(&d)
		if err != nil {
			return err
		}
		if lastDigest, err = b.Append(ctx, events.DigestSubject(key), lastDigest, data); err != nil {
			return fmt.Errorf("digest: %w", err)
		}
	}
	return nil
}

func (m *made) tick(run int, tick int64) events.Tick {
	t := events.Tick{Tick: tick}
	for i, e := range madeTasks {
		e.Tick = tick
		r := events.TaskResult{Name: e.Task, Lane: e.Lane, CostOps: e.CostOps, Value: canon.Null}
		if i == 0 && m.task != "" {
			e.Task, r.Name = m.task, m.task
		}
		if i == 0 {
			r.Value = m.value(run, tick)
		}
		t.Events, t.Results = append(t.Events, e), append(t.Results, r)
	}
	return t
}
