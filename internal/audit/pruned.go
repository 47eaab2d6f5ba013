package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Windows that were archived and then freed here. Their tombstones say how many messages of
// each stream are elsewhere, and from which to which; so many may be missing there, and no more.

// archivedPart is what a stream has, or had, of a window.
type archivedPart struct {
	Stream   string `json:"stream"`
	Messages int64  `json:"messages"`
	First    uint64 `json:"first"`
	Last     uint64 `json:"last"`
	SHA256   string `json:"sha256"`
}

// pruned is a tombstone.
type pruned struct {
	Schema        string         `json:"schema"`
	Pipeline      string         `json:"pipeline"`
	Window        uint64         `json:"window"`
	Request       string         `json:"request"`
	Outcome       events.Outcome `json:"outcome"`
	VerdictSeq    uint64         `json:"verdict_seq"`
	VerdictSHA256 string         `json:"verdict_sha256"`
	Archive       string         `json:"archive"`
	ArchiveSHA256 string         `json:"archive_sha256"`
	Parts         []archivedPart `json:"parts"`

	left map[string]int64 // messages that are still here, by stream
}

// freed are the streams of which messages are freed.
var freed = []string{events.StreamTrace, events.StreamDigest, events.StreamViz}

// span are sequences from one to another.
type span struct{ from, to uint64 }

// readPruned reads the tombstones. One that is not true explains nothing.
func (a *auditor) readPruned(ctx context.Context) error {
	end := a.ends[events.StreamWindow]
	if end == 0 {
		return nil
	}
	for m, err := range a.bus.Read(ctx, events.StreamWindow, cmp.Or(a.filter(events.PrunedSubjects, 4), events.PrunedSubjects), 1, end) {
		if err != nil {
			return err
		}
		p, err := a.readTombstone(ctx, m)
		if errors.Is(err, errUntrue) {
			a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Window: p.Window, Run: -1, Tick: -1, Message: err.Error()})
			continue
		}
		if err != nil {
			return err
		}
		key := windowKey{p.Pipeline, p.Window}
		if a.pruned[key] != nil {
			a.report.add(Finding{Kind: Repeat, Stream: m.Stream, Seq: m.Seq, Pipeline: p.Pipeline, Window: p.Window, Run: -1, Tick: -1, Message: "the window has a tombstone already"})
			continue
		}
		a.pruned[key] = p
	}
	return nil
}

// prunedMeanwhile tells whether there are tombstones that came after the audit had begun.
func (a *auditor) prunedMeanwhile(ctx context.Context) (bool, error) {
	m, err := a.bus.Last(ctx, events.StreamWindow, events.PrunedSubjects)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		return false, nil
	}
	return err == nil && m.Seq > a.ends[events.StreamWindow], err
}

// errUntrue says that a tombstone is not as it must be.
var errUntrue = errors.New("a tombstone that explains nothing")

func (a *auditor) readTombstone(ctx context.Context, m bus.Message) (*pruned, error) {
	p := &pruned{left: map[string]int64{}}
	untrue := func(format string, args ...any) (*pruned, error) {
		return p, fmt.Errorf("%w: %w", errUntrue, fmt.Errorf(format, args...))
	}
	if err := readRecord(m.Data, events.PrunedSchema, p); err != nil {
		return untrue("%w", err)
	}
	if m.Subject != fmt.Sprintf("ers.control.pruned.%s.%d", p.Pipeline, p.Window) {
		return untrue("one of window %d of %.80s on %s", p.Window, p.Pipeline, m.Subject)
	}
	if err := checkParts(p.Parts, freed); err != nil {
		return untrue("%w", err)
	}
	if !isHash(p.ArchiveSHA256) {
		return untrue("/archive_sha256 is no SHA-256")
	}
	asked, there, err := a.get(ctx, events.StreamWindow, p.Window)
	if err != nil {
		return p, err
	}
	if !there || p.Window >= m.Seq || shaOf(asked.Data) != p.Request {
		return untrue("it is of request %.12s…, which no request before it is", p.Request)
	}
	verdict, there, err := a.get(ctx, events.StreamVerdict, p.VerdictSeq)
	if err != nil {
		return p, err
	}
	if !there || shaOf(verdict.Data) != p.VerdictSHA256 || verdict.Subject != events.VerdictSubject(p.Outcome, p.Pipeline, p.Window) {
		return untrue("its verdict, %s %d with SHA-256 %.12s…, is not there", events.StreamVerdict, p.VerdictSeq, p.VerdictSHA256)
	}
	return p, nil
}

// checkParts tells why parts cannot be those of a window in these streams.
func checkParts(parts []archivedPart, streams []string) error {
	if len(parts) != len(streams) {
		return fmt.Errorf("/parts has %d of %d streams", len(parts), len(streams))
	}
	for i, p := range parts {
		switch {
		case p.Stream != streams[i] || !isHash(p.SHA256):
			return fmt.Errorf("/parts/%d is of stream %.40q", i, p.Stream)
		case p.Messages < 0 || p.Last < p.First || (p.Messages == 0) != (p.Last == 0) || p.Messages > 0 && (p.First == 0 || uint64(p.Messages) > p.Last-p.First+1):
			return fmt.Errorf("/parts/%d has %d messages from %d to %d", i, p.Messages, p.First, p.Last)
		}
	}
	return nil
}

// isPruned tells whether a message is one of a window that is archived, of which nothing more is
// to be said than that it is still here.
func (a *auditor) isPruned(m bus.Message, key windowKey) bool {
	p := a.pruned[key]
	if p == nil {
		return false
	}
	i := slices.Index(freed, m.Stream)
	if p.left[m.Stream]++; m.Seq < p.Parts[i].First || m.Seq > p.Parts[i].Last {
		p.left[m.Stream]--
		a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Pipeline: key.pipeline, Window: key.id, Run: -1, Tick: -1,
			Message: "a message of a window that is archived, which is not among those of its archive"})
	}
	return true
}

// missing notes that messages of a stream are not there.
func (a *auditor) missing(stream string, from, to uint64) {
	switch {
	case a.archived != nil: // what others have is not in an archive; see checkArchive
	case len(a.pruned) > 0 && slices.Contains(freed, stream):
		a.holes[stream] = append(a.holes[stream], span{from, to})
	default:
		a.hole(stream, from, to)
	}
}

// explainHoles holds what is missing against what the tombstones say.
func (a *auditor) explainHoles() {
	for i, stream := range freed {
		var spans []span
		allowed := int64(0)
		for _, p := range a.pruned {
			if of := p.Parts[i]; of.Messages > 0 {
				spans = append(spans, span{of.First, of.Last})
				allowed += of.Messages - p.left[stream]
			}
		}
		spans = merge(spans)
		gone, first := int64(0), uint64(0)
		for _, hole := range a.holes[stream] {
			rest := hole
			for _, s := range spans {
				if s.to < rest.from || s.from > rest.to {
					continue
				}
				if s.from > rest.from {
					a.hole(stream, rest.from, s.from-1)
				}
				from, to := max(s.from, rest.from), min(s.to, rest.to)
				gone, first = gone+int64(to-from+1), cmp.Or(first, from)
				rest.from = to + 1
			}
			if rest.from <= rest.to {
				a.hole(stream, rest.from, rest.to)
			}
		}
		if a.Window == 0 && gone != allowed {
			a.report.add(Finding{Kind: Gap, Stream: stream, Seq: first, Run: -1, Tick: -1,
				Message: fmt.Sprintf("from here on %s missing where windows that are archived stood, and of those that are archived %d are", count(gone, "message"), allowed)})
		}
	}
}

// merge puts spans in order, and those together that overlap.
func merge(spans []span) (merged []span) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range spans {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// Archived is a window of which request and verdict are here, and the rest is in an archive.
type Archived struct {
	Pipeline      string         `json:"pipeline"`
	Window        uint64         `json:"window"`
	Outcome       events.Outcome `json:"outcome"`
	Archive       string         `json:"archive"`        // where it is, as was said when it was freed
	ArchiveSHA256 string         `json:"archive_sha256"` // of the archive's manifest
	Left          int64          `json:"left,omitempty"` // messages that are still here
}

// tellPruned says which windows are elsewhere.
func (a *auditor) tellPruned() {
	for key, p := range a.pruned {
		w := Archived{Pipeline: key.pipeline, Window: key.id, Outcome: p.Outcome, Archive: p.Archive, ArchiveSHA256: p.ArchiveSHA256}
		for _, n := range p.left {
			w.Left += n
		}
		a.report.Archived = append(a.report.Archived, w)
	}
	slices.SortFunc(a.report.Archived, func(v, w Archived) int { return cmp.Compare(v.Window, w.Window) })
	a.report.ArchivedCount = int64(len(a.report.Archived))
	a.report.Archived = a.report.Archived[:min(len(a.report.Archived), MaxFindings)]
}

// appendArchived says what is elsewhere, and which archive this is.
func (r *Report) appendArchived(line func(format string, args ...any)) {
	if len(r.Archived) > 0 || r.ArchiveSHA256 != "" {
		line("")
	}
	if r.ArchiveSHA256 != "" {
		line("  archive        its manifest has SHA-256 %s, which the tombstones of its windows name", r.ArchiveSHA256)
	}
	for _, w := range r.Archived {
		left := ""
		if w.Left > 0 {
			left = fmt.Sprintf("; %s still here, `ers prune` frees them", count(w.Left, "message"))
		}
		line("  archived       window %d of %s: %s, in %s (manifest %.12s…)%s", w.Window, w.Pipeline, w.Outcome, w.Archive, w.ArchiveSHA256, left)
	}
	if out := r.ArchivedCount - int64(len(r.Archived)); out > 0 {
		line("  and %d more windows that are archived", out)
	}
}
