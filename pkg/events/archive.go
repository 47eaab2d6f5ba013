package events

import (
	"fmt"
	"slices"
)

// Windows leave the server in two steps: an archive holds them as files, with a manifest
// beside them, and then a tombstone in ERS_WINDOW says that their frames, digests and
// documents are there and no longer here.

// ArchiveSchema is the version of the manifest of an archive, PrunedSchema that of the
// documents on ers.control.pruned.*.*.
const (
	ArchiveSchema = "ers.archive.v1"
	PrunedSchema  = "ers.pruned.v1"
)

// ArchiveName is the file in an archive that is its manifest.
const ArchiveName = "ers-archive.json"

// Archive is the manifest of an archive: which windows it holds, and what of them.
type Archive struct {
	Schema  string           `json:"schema"` // ArchiveSchema
	Ends    Ends             `json:"ends"`   // how the streams ended when it was made
	Objects uint64           `json:"objects_end"`
	Windows []ArchivedWindow `json:"windows"` // by number
	Voids   Part             `json:"voids"`   // the void requests, which belong to no window
}

// ArchivedWindow is what an archive holds of a window.
type ArchivedWindow struct {
	Pipeline      string   `json:"pipeline"`
	Window        uint64   `json:"window"`
	Request       string   `json:"request"` // SHA-256
	Outcome       Outcome  `json:"outcome"`
	VerdictSeq    uint64   `json:"verdict_seq"`
	VerdictSHA256 string   `json:"verdict_sha256"` // of the verdict's bytes
	Parts         []Part   `json:"parts"`          // in the order of ArchivedStreams
	Objects       []string `json:"objects"`        // that its messages name, by SHA-256, in order
}

// Part is what a stream has of a window: how many messages, from which to which sequence,
// and a hash over all of them.
type Part struct {
	Stream   string `json:"stream"`
	Messages int64  `json:"messages"`
	First    uint64 `json:"first"` // sequence; 0 where there is no message
	Last     uint64 `json:"last"`
	SHA256   string `json:"sha256"` // see docs/retention.md
}

// ArchivedStreams are the streams that have messages of windows.
var ArchivedStreams = []string{StreamWindow, StreamTrace, StreamDigest, StreamVerdict, StreamViz}

// PrunedStreams are those of which an archived window's messages are freed. Requests and
// verdicts stay: they are small, numbers and identities rest on them, and a window
// that has its verdict is never run and judged again.
var PrunedStreams = []string{StreamTrace, StreamDigest, StreamViz}

// Pruned is the tombstone of a window: what it came to, what was freed, and where that is.
type Pruned struct {
	Schema        string  `json:"schema"` // PrunedSchema
	Pipeline      string  `json:"pipeline"`
	Window        uint64  `json:"window"`
	Request       string  `json:"request"` // SHA-256 of the window's request
	Outcome       Outcome `json:"outcome"`
	VerdictSeq    uint64  `json:"verdict_seq"`
	VerdictSHA256 string  `json:"verdict_sha256"`
	Archive       string  `json:"archive"`        // where it is, for people; at most MaxReason bytes
	ArchiveSHA256 string  `json:"archive_sha256"` // of the bytes of its manifest
	Parts         []Part  `json:"parts"`          // that are freed, in the order of PrunedStreams
}

// Key is the window's key.
func (w *ArchivedWindow) Key() WindowKey { return WindowKey{w.Pipeline, w.Window, w.Request} }

// Key is the window's key.
func (p *Pruned) Key() WindowKey { return WindowKey{p.Pipeline, p.Window, p.Request} }

// PrunedSubjects match the tombstones.
const PrunedSubjects = "ers.control.pruned.*.*"

// PrunedSubject is where the tombstone of a window stands.
func PrunedSubject(pipeline string, window uint64) string {
	return ControlSubject(verbPruned, pipeline, window)
}

// ReadPruned reads a tombstone. That its request is the one of ERS_WINDOW is for the caller
// to see.
func ReadPruned(m Message) (*Pruned, error) {
	p := new(Pruned)
	err := Decode(m.Data, p)
	if err == nil && m.Subject != PrunedSubject(p.Pipeline, p.Window) {
		err = fmt.Errorf("it is of window %s.%d", p.Pipeline, p.Window)
	}
	if err != nil {
		return nil, fmt.Errorf("tombstone on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return p, nil
}

func (*Archive) schema() string { return ArchiveSchema }

func (a *Archive) check() error {
	last := uint64(0)
	for i := range a.Windows {
		w := &a.Windows[i]
		if w.Window <= last {
			return fmt.Errorf("/windows/%d/window: %d after %d", i, w.Window, last)
		}
		if last = w.Window; last > a.Ends.Window {
			return fmt.Errorf("/windows/%d/window: %d, and %s ended with %d", i, last, StreamWindow, a.Ends.Window)
		}
		if err := checkArchived(w.Key(), w.Outcome, w.VerdictSeq, w.VerdictSHA256, w.Parts, ArchivedStreams); err != nil {
			return fmt.Errorf("/windows/%d%w", i, err)
		}
		if !slices.IsSorted(w.Objects) || len(slices.Compact(slices.Clone(w.Objects))) < len(w.Objects) {
			return fmt.Errorf("/windows/%d/objects: not in order, or twice the same", i)
		}
		for _, sha := range w.Objects {
			if err := checkHashes("/objects", sha); err != nil {
				return fmt.Errorf("/windows/%d%w", i, err)
			}
		}
	}
	return checkParts([]Part{a.Voids}, []string{StreamWindow})
}

func (*Pruned) schema() string { return PrunedSchema }

func (p *Pruned) check() error {
	if p.Archive == "" || len(p.Archive) > MaxReason {
		return fmt.Errorf("/archive: %d bytes: want 1 to %d", len(p.Archive), MaxReason)
	}
	if err := checkHashes("/archive_sha256", p.ArchiveSHA256); err != nil {
		return err
	}
	return checkArchived(p.Key(), p.Outcome, p.VerdictSeq, p.VerdictSHA256, p.Parts, PrunedStreams)
}

// checkArchived checks what manifest and tombstone both say of a window.
func checkArchived(key WindowKey, o Outcome, verdict uint64, sha string, parts []Part, streams []string) error {
	switch {
	case CheckPipelineName(key.Pipeline) != nil:
		return fmt.Errorf("/pipeline: %w", CheckPipelineName(key.Pipeline))
	case key.Window == 0:
		return fmt.Errorf("/window: 0 is not a window")
	case o != Pass && o != Fail && o != Inconclusive:
		return fmt.Errorf("/outcome: unknown outcome %.40q", o)
	case verdict == 0:
		return fmt.Errorf("/verdict_seq: 0 is no sequence")
	}
	if err := checkHashes("/request", key.Request); err != nil {
		return err
	}
	if err := checkHashes("/verdict_sha256", sha); err != nil {
		return err
	}
	return checkParts(parts, streams)
}

func checkParts(parts []Part, streams []string) error {
	if len(parts) != len(streams) {
		return fmt.Errorf("/parts: %d of them: want one each of %v", len(parts), streams)
	}
	for i, p := range parts {
		switch {
		case p.Stream != streams[i]:
			return fmt.Errorf("/parts/%d/stream: %.40q where %s belongs", i, p.Stream, streams[i])
		case p.Messages < 0 || (p.Messages == 0) != (p.First == 0) || p.First > p.Last || (p.First == 0) != (p.Last == 0) ||
			p.Messages > 0 && uint64(p.Messages)-1 > p.Last-p.First:
			return fmt.Errorf("/parts/%d: %d messages from %d to %d", i, p.Messages, p.First, p.Last)
		}
		if err := checkHashes(fmt.Sprintf("/parts/%d/sha256", i), p.SHA256); err != nil {
			return err
		}
	}
	return nil
}
