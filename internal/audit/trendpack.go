package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"strconv"

	"abraxas.dev/ers/pkg/events"
)

// wholePack is the TrendPack of a tick.
type wholePack struct {
	tick int64
	full []byte
	doc  map[string]any // of which full are the bytes
}

// minCut is the least size of a document that is cut to fit into a message.
const minCut = 512 << 10

// cut is the document that stands for one that is too big, and the object that has all
// of it.
func (p *wholePack) cut() (text []byte, object string) {
	object = shaOf(p.full)
	doc := map[string]any{}
	for name, v := range p.doc {
		doc[name] = v
	}
	for _, list := range []string{"timeline", "errors", "skipped"} {
		doc[list] = []any{}
	}
	doc["object"] = map[string]any{"bucket": events.BucketObjects, "sha256": object, "bytes": number(int64(len(p.full)))}
	return appendTree(nil, doc), object
}

// raw is a part of a tree that is canonical text already.
type raw string

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// packs makes the TrendPacks of a run from its frames, as far as these are good.
func (a *auditor) packs(ctx context.Context, w *shown, run int) iter.Seq2[*wholePack, error] {
	return func(yield func(*wholePack, error) bool) {
		key := events.RunKey{Pipeline: w.key.pipeline, Window: w.key.id, Run: run}
		p := newPacker(w, run)
		for m, err := range a.part(ctx, events.StreamTrace, events.TraceSubject(key), 1, a.ends[events.StreamTrace]) {
			if err != nil {
				yield(nil, err)
				return
			}
			var f frame
			if f.read(m.Data) != nil || f.abandoned != "" || f.difference != nil {
				return // that was found, and nothing is shown of it
			}
			if pack := p.add(&f, m.Seq); pack != nil && !yield(pack, nil) {
				return
			}
		}
	}
}

// packer gathers the frames of a tick.
type packer struct {
	window   *shown
	run      int
	hashes   lists
	firstSeq uint64

	timeline, errors, skipped []any
	count                     map[string]int64 // by status, and by lane
	spent                     map[string]*[2]big.Int
}

func newPacker(w *shown, run int) *packer {
	p := &packer{window: w, run: run, hashes: newLists()}
	p.begin()
	return p
}

func (p *packer) begin() {
	p.hashes.begin()
	p.firstSeq, p.timeline, p.errors, p.skipped = 0, []any{}, []any{}, []any{}
	p.count, p.spent = map[string]int64{}, map[string]*[2]big.Int{"forecast": {}, "shadow": {}}
}

// add adds a frame, and returns the TrendPack when it ends its tick.
func (p *packer) add(f *frame, seq uint64) *wholePack {
	if p.firstSeq == 0 {
		p.firstSeq = seq
	}
	for i := range f.entries {
		p.entry(&f.entries[i])
	}
	if f.first+int64(len(f.entries)) < f.total {
		return nil
	}
	defer p.begin()
	doc := p.document(f.tick, seq)
	return &wholePack{f.tick, appendTree(nil, doc), doc}
}

func (p *packer) entry(e *entry) {
	p.hashes.add(e.event, e.result, e.lane == "forecast")
	task, meta := string(e.task), raw(e.meta)
	p.timeline = append(p.timeline, map[string]any{"task": task, "lane": e.lane, "status": e.status, "cost_ops": number(e.ops), "cost_entropy": number(e.entropy), "meta": meta})
	p.count[e.lane]++
	p.count[e.status]++
	switch e.status {
	case "error":
		p.errors = append(p.errors, map[string]any{"task": task, "lane": e.lane, "cost_ops": number(e.ops), "meta": meta})
	case "skipped_budget":
		p.skipped = append(p.skipped, map[string]any{"task": task, "lane": e.lane, "cost_ops": number(e.ops), "cost_entropy": number(e.entropy)})
		return // nothing is spent
	}
	spent := p.spent[e.lane]
	spent[0].Add(&spent[0], big.NewInt(e.ops))
	spent[1].Add(&spent[1], big.NewInt(e.entropy))
}

func (p *packer) document(tick int64, seq uint64) map[string]any {
	v, hashes := p.window.verdict, p.hashes.sums()
	budget := map[string]any{}
	for lane, spent := range p.spent {
		budget[lane] = map[string]any{"spent_ops": json.Number(spent[0].String()), "spent_entropy": json.Number(spent[1].String())}
	}
	mode := "window"
	switch {
	case v.Drill != nil:
		mode = "drill"
	case v.Probe != nil:
		mode = "probe"
	}
	return map[string]any{
		"version": "0.1", "run_id": v.runID(p.run), "tick": number(tick), "timeline": p.timeline, "errors": p.errors, "skipped": p.skipped, "budget": budget,
		"stats": map[string]any{"total_events": number(int64(len(p.timeline))), "forecast_events": number(p.count["forecast"]), "shadow_events": number(p.count["shadow"]),
			"errors": number(p.count["error"]), "skipped": number(p.count["skipped_budget"]), "ok_events": number(p.count["ok"])},
		"provenance": map[string]any{
			"engine": "ers", "mode": mode, "scheme": scheme, "pipeline": v.Pipeline, "window": number(int64(v.Window)), "request": v.Request, "run": number(int64(p.run)),
			"outcome": string(v.Outcome), "verdict_seq": number(int64(p.window.seq)), "definition_sha256": v.DefinitionSHA256, "contexts_sha256": v.ContextsSHA256,
			"trace_first_seq": number(int64(p.firstSeq)), "trace_last_seq": number(int64(seq)), "trace_sha256": hashes.Trace, "result_sha256": hashes.Result},
	}
}

func (v *verdict) runID(run int) string { return fmt.Sprintf("%s-%d-%d", v.Pipeline, v.Window, run) }
