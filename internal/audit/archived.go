package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// An archive holds some windows alone. Its manifest lists them, with a hash over all that
// each stream has of a window: so what is missing, or is too much, shows there.

// anotherCopy is what to do about an archive that is damaged.
const anotherCopy = "take another copy of the archive or, as long as its windows are on the server, make another one with `ers archive`"

type (
	archivedWindow struct {
		Pipeline      string         `json:"pipeline"`
		Window        uint64         `json:"window"`
		Request       string         `json:"request"`
		Outcome       string         `json:"outcome"`
		VerdictSeq    uint64         `json:"verdict_seq"`
		VerdictSHA256 string         `json:"verdict_sha256"`
		Parts         []archivedPart `json:"parts"`
		Objects       []string       `json:"objects"`
	}

	archive struct {
		Schema string `json:"schema"`
		Ends   struct {
			Window  uint64 `json:"window"`
			Trace   uint64 `json:"trace"`
			Digest  uint64 `json:"digest"`
			Verdict uint64 `json:"verdict"`
			Viz     uint64 `json:"viz"`
		} `json:"ends"`
		Objects uint64           `json:"objects_end"`
		Windows []archivedWindow `json:"windows"`
		Voids   archivedPart     `json:"voids"`

		sha256 string // of its bytes
	}
)

// archivedStreams is the order of a window's parts.
var archivedStreams = []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz}

// readArchive reads a manifest.
func readArchive(data []byte) (*archive, error) {
	m := &archive{sha256: shaOf(data)}
	if err := readRecord(data, events.ArchiveSchema, m); err != nil {
		return nil, err
	}
	for i := range m.Windows {
		if err := checkParts(m.Windows[i].Parts, archivedStreams); err != nil {
			return nil, fmt.Errorf("/windows/%d%w", i, err)
		}
	}
	return m, checkParts([]archivedPart{m.Voids}, archivedStreams[:1])
}

// windowSum is a hash over messages of a window in one stream.
type windowSum struct {
	archivedPart
	hash hash.Hash
}

func newWindowSum(stream string) *windowSum {
	s := &windowSum{archivedPart{Stream: stream}, sha256.New()}
	s.hash.Write([]byte("ers-archive/1\n"))
	return s
}

func (s *windowSum) add(m *bus.Message) {
	if s.Messages++; s.First == 0 {
		s.First = m.Seq
	}
	s.Last = m.Seq
	number := func(n uint64) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], n)
		s.hash.Write(b[:])
	}
	number(m.Seq)
	number(uint64(m.At))
	for _, field := range []string{m.Subject, string(bus.AppendHeader(nil, m.Header)), string(m.Data)} {
		number(uint64(len(field)))
		s.hash.Write([]byte(field))
	}
}

func (s *windowSum) end() archivedPart {
	s.SHA256 = hex.EncodeToString(s.hash.Sum(nil))
	return s.archivedPart
}

// checkArchive holds what is there against the manifest of an archive, where it is one.
func (a *auditor) checkArchive(ctx context.Context) error {
	m := a.archived
	if m == nil {
		return nil
	}
	listed := map[windowKey]*archivedWindow{}
	for i := range m.Windows {
		listed[windowKey{m.Windows[i].Pipeline, m.Windows[i].Window}] = &m.Windows[i]
	}
	ends := []uint64{m.Ends.Window, m.Ends.Trace, m.Ends.Digest, m.Ends.Verdict, m.Ends.Viz}
	for i, stream := range archivedStreams {
		if a.ends[stream] != ends[i] {
			a.report.add(Finding{Kind: Gap, Stream: stream, Seq: a.ends[stream], Run: -1, Tick: -1,
				Message: fmt.Sprintf("the stream ends here, and with %d when the archive was made", ends[i])})
		}
		sums, voids := map[windowKey]*windowSum{}, newWindowSum(stream)
		messages := a.bus.ReadWhole(ctx, stream, 1, a.ends[stream])
		if a.ends[stream] == 0 {
			messages = none // it may be missing, which is a finding already
		}
		for message, err := range messages {
			if err != nil {
				return err
			}
			key, ok := windowOf(&message)
			switch {
			case message.Subject == events.VoidSubject:
				voids.add(&message)
			case !ok || listed[key] == nil:
				a.report.add(Finding{Kind: Contradiction, Stream: stream, Seq: message.Seq, Window: key.id, Run: -1, Tick: -1,
					Message: "a message of a window that the archive does not list"})
			default:
				if sums[key] == nil {
					sums[key] = newWindowSum(stream)
				}
				sums[key].add(&message)
			}
		}
		for key, w := range listed {
			if sums[key] == nil {
				sums[key] = newWindowSum(stream)
			}
			a.comparePart(key, w.Parts[i], sums[key].end())
		}
		if i == 0 {
			a.comparePart(windowKey{}, m.Voids, voids.end())
		}
	}
	return nil
}

// comparePart holds what a stream has of a window against what the manifest says.
func (a *auditor) comparePart(key windowKey, want, found archivedPart) {
	if want == found || a.Window > 0 && key.id > 0 && key.id != a.Window {
		return
	}
	f := Finding{Kind: Difference, Stream: want.Stream, Seq: want.First, Pipeline: key.pipeline, Window: key.id, Run: -1, Tick: -1,
		Message: fmt.Sprintf("what is there has SHA-256 %.12s…, and had %.12s… when the archive was made", found.SHA256, want.SHA256)}
	if found.Messages != want.Messages {
		f.Kind = Gap
		f.Message = fmt.Sprintf("%s there, and %d when the archive was made", count(found.Messages, "message"), want.Messages)
	}
	a.report.add(f)
}

// windowOf is the window that a message is about, by its subject.
func windowOf(m *bus.Message) (key windowKey, ok bool) {
	t := strings.Split(m.Subject, ".")
	at := map[string]int{"trace": 2, "digest": 2, "verdict": 3, "viz": 3, "control": 3, "run": 3, "window": 3}
	if len(t) < 4 || t[0] != "ers" || at[t[1]] == 0 {
		return key, false
	}
	i := at[t[1]]
	key.pipeline, key.id = t[i], m.Seq
	if t[1] == "window" {
		return key, len(t) == 4
	}
	if i+1 >= len(t) || slices.Contains(t, "") {
		return key, false
	}
	id, err := strconv.ParseUint(t[i+1], 10, 64)
	key.id = id
	return key, err == nil && strconv.FormatUint(id, 10) == t[i+1]
}
