// Package audit re-reads the streams from the start and computes every digest again
// from the frames, and every verdict from the digests, to tell whether the record is
// what it says. It is what `ers audit` runs.
//
// It does so on a path of its own, so that a mistake in the services cannot hide
// itself: another MessagePack decoder, another writer of canonical bytes, encoding/json,
// crypto/sha256, and rules of comparison written down a second time. All of it is
// meant to be read by an auditor before it is meant to be fast. With the services it
// shares the names of streams and subjects and the reading of messages.
//
// Start at [Run]. The way of a message, file by file: audit.go reads digests and, as
// far as each needs them, frames; frame.go decodes a frame and entries.go its events and
// results, run.go checks that it is the next of its run, hash.go hashes it; digestjson.go
// reads a digest, digest.go compares it with that; window.go keeps the runs of a window
// together; verdict.go judges a window whose verdict is due, as index.go knows, explain.go
// says how its runs differ, and divergence.go looks up where. Of commands, output.go reads
// the values, outputdiff.go says in what two differ, and ruled.go applies the rules of
// rule.go to the raw bytes again, of which maker.go makes values.
//
// Each statement of the record is checked against what it was made from: digests
// against frames, verdicts against digests. A forged digest is therefore a finding of
// its own, and the verdict that was rightly made from it is not a second one.
//
// Memory is bounded by the number of windows, not by that of ticks.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Options say what to audit.
type Options struct {
	Window uint64 // this window alone; 0: everything

	Acknowledged Acknowledged // findings that are no cause for alarm any more

	Archive []byte // the manifest, where the streams are those of an archive; nil: they are not

	// Progress, when set, is told now and then how many of the sequences are behind.
	Progress func(done, total int64)
}

// Run audits what the streams hold when it is called; what is appended later is not
// looked at, so the services can go on meanwhile. It writes nothing. An error means
// that the streams could not be read. An audit of one window does not look for holes
// in the streams: what is missing then shows only by what the window's messages say.
//
// What was freed while it was read looks as if it were lost. Where tombstones came meanwhile
// nothing is found that a second look, which knows of them, does not find too.
func Run(ctx context.Context, b *bus.Bus, o Options) (*Report, error) {
	for {
		a := newAuditor(b, o)
		if o.Archive != nil {
			var err error
			if a.archived, err = readArchive(o.Archive); err != nil {
				return nil, fmt.Errorf("the manifest of the archive: %w; %s", err, anotherCopy)
			}
			a.report.ArchiveSHA256 = a.archived.sha256
		}
		r, err := a.run(ctx)
		if err != nil || r.New == 0 {
			return r, err
		}
		if pruned, err := a.prunedMeanwhile(ctx); err != nil || !pruned {
			return r, err
		}
	}
}

// auditor is one audit. It belongs to one goroutine.
type auditor struct {
	Options
	bus    *bus.Bus
	report *Report
	ends   map[string]uint64 // by stream: the last sequence that is looked at
	at     map[string]uint64 // by stream: the last sequence that was read

	repairs         []repaired                // of streams that were cut short
	verdictMessages map[uint64]verdictMessage // by sequence
	shownRuns       []*shownRun               // those that are open, the oldest first
	kept            map[string]place          // objects that frames name, by SHA-256
	claims          map[claim]place           // what rules are to make of raw bytes

	verdicts map[windowKey]*recorded
	windows  map[windowKey]*window      // those with messages, until their verdict is checked
	judged   map[windowKey]bool         // those whose verdict is checked
	past     map[events.RunKey]past     // of runs of judged windows with which something is wrong
	deferred map[windowKey]map[int]bool // windows that are read again run by run, and their runs
	objects  map[named]*object          // those that were read
	waiting  int                        // ticks that wait for their digest
	maxWait  int                        // the most that may
	reading  frame                      // the frame that was read last
	alone    bool                       // one run of a deferred window is being read
	tail     bool                       // no digest follows: ticks need not be kept
	lowWater uint64                     // the highest low water mark …
	open     []openTick                 // … and the ticks that it leaves out
	gateAt   uint64                     // the digest up to which the gate has judged

	pruned   map[windowKey]*pruned // windows that are archived elsewhere
	holes    map[string][]span     // by stream: what is missing, until that is explained
	archived *archive              // that is audited; nil: it is none
}

type windowKey struct {
	pipeline string
	id       uint64
}

// maxWaiting is the most ticks that wait for their digest, about 1 kB each. Behind
// an honest hasher a few thousand do.
const maxWaiting = 1 << 15

func newAuditor(b *bus.Bus, o Options) *auditor {
	report := &Report{Findings: []Finding{}, Unjudged: []Unjudged{}, extra: int64(len(o.Acknowledged))}
	return &auditor{
		Options: o, bus: b, report: report, maxWait: maxWaiting,
		ends: map[string]uint64{}, at: map[string]uint64{},
		verdictMessages: map[uint64]verdictMessage{}, kept: map[string]place{}, claims: map[claim]place{}, verdicts: map[windowKey]*recorded{}, windows: map[windowKey]*window{}, judged: map[windowKey]bool{},
		pruned: map[windowKey]*pruned{}, holes: map[string][]span{},
		past: map[events.RunKey]past{}, deferred: map[windowKey]map[int]bool{}, objects: map[named]*object{},
	}
}

func (a *auditor) run(ctx context.Context) (*Report, error) {
	for _, step := range []func(context.Context) error{
		a.readEnds, a.readVoids, a.readPruned, a.checkArchive, a.indexVerdicts, a.readRuns, a.readDeferred,
		a.checkKept, a.checkClaims, a.readWindows, a.readViz,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	a.explainHoles()
	a.tellPruned()
	if err := a.identify(ctx); err != nil {
		return nil, err
	}
	a.report.acknowledge(a.Acknowledged)
	a.report.finish(a.Window)
	if a.Progress != nil {
		a.Progress(a.total(), a.total())
	}
	return a.report, nil
}

// readEnds finds out how far the streams go. A message speaks of messages that were there
// before it: with the ends taken in this order, whatever is spoken of is within them.
func (a *auditor) readEnds(ctx context.Context) error {
	var missing []string
	for _, stream := range slices.Backward(streamOrder) {
		end, err := a.bus.LastSeq(ctx, stream)
		if errors.Is(err, bus.ErrNoStream) {
			missing, err = append(missing, stream), nil
		}
		if err != nil {
			return err
		}
		a.ends[stream] = end
	}
	if len(missing) < len(streamOrder) { // else nothing was ever done on this server
		for _, stream := range missing {
			a.report.add(Finding{Kind: Gap, Stream: stream, Run: -1, Tick: -1, Message: "the stream is missing: it was removed, or could not be read"})
		}
	}
	return nil
}

// readRuns reads the frames and the digests.
func (a *auditor) readRuns(ctx context.Context) error {
	return a.pass(ctx, a.filter(events.TraceSubjects, 3), a.filter(events.DigestSubjects, 3))
}

// pass reads digests in order, and frames as far as each digest needs them; then
// what is left of the frames.
func (a *auditor) pass(ctx context.Context, traceFilter, digestFilter string) error {
	next, stop := iter.Pull2(a.read(ctx, events.StreamTrace, traceFilter))
	defer stop()
	t := &trace{a: a, pull: next}
	a.tail = false
	for m, err := range a.read(ctx, events.StreamDigest, digestFilter) {
		if err == nil {
			err = a.digest(ctx, m, t)
		}
		if err != nil {
			return err
		}
	}
	a.tail = true
	for {
		if more, err := t.next(ctx); err != nil || !more {
			return err
		}
	}
}

// trace is the place up to which frames were read.
type trace struct {
	a    *auditor
	pull func() (bus.Message, error, bool)
	seq  uint64 // of the last frame that was read
}

// next takes one more frame. It returns false at the end.
func (t *trace) next(ctx context.Context) (bool, error) {
	m, err, ok := t.pull()
	if err != nil || !ok {
		return false, err
	}
	t.seq = m.Seq
	return true, t.a.frame(ctx, m)
}

// frame takes a frame to its run.
func (a *auditor) frame(ctx context.Context, m bus.Message) error {
	key, err := events.ParseTraceSubject(m.Subject)
	if err != nil {
		a.report.Frames++
		a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Run: -1, Tick: -1, Message: err.Error()})
		return nil
	}
	w := windowKey{key.Pipeline, key.Window}
	if a.skip(w, key.Run) || a.isPruned(m, w) {
		return nil
	}
	if a.judged[w] {
		a.report.Frames++
		a.lateFrame(m, key)
		return nil
	}
	r, err := a.runOf(ctx, key, m)
	if err != nil {
		return err
	}
	r.frame(m)
	if a.waiting > a.maxWait && !a.alone {
		a.deferWindow()
	}
	return nil
}

func (k windowKey) compare(l windowKey) int {
	return cmp.Or(cmp.Compare(k.id, l.id), cmp.Compare(k.pipeline, l.pipeline))
}

func compareWindows(v, w *window) int { return v.key.compare(w.key) }
