package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Acknowledged are findings that a person has looked at: by the finding's ID, why it
// is no cause for alarm.
type Acknowledged map[string]string

// ReadAcknowledged reads a file of acknowledged findings: a line for each, with its id,
// spaces, and why. Empty lines and those that begin with # say nothing.
func ReadAcknowledged(r io.Reader) (Acknowledged, error) {
	list, lines := Acknowledged{}, bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		id, why, _ := strings.Cut(line, " ")
		why = strings.TrimSpace(why)
		switch _, again := list[id]; {
		case !isHash(id):
			return nil, fmt.Errorf("line %d: %.80q is not an id of a finding: want 64 lower-case hex digits, as `ers audit` shows them", n, id)
		case why == "":
			return nil, fmt.Errorf("line %d: it does not say why: want the id, a space, and the reason", n)
		case again:
			return nil, fmt.Errorf("line %d: the id %s stands there twice", n, id)
		}
		list[id] = why
	}
	return list, lines.Err()
}

// identify gives each listed finding its id: the SHA-256 of where it is, what it says,
// and of the bytes of the message there. A message or a finding that is another has
// another id, so that nothing new hides behind what was looked at.
func (a *auditor) identify(ctx context.Context) error {
	for i := range a.report.Findings {
		f := &a.report.Findings[i]
		content := "none"
		m, found, err := a.get(ctx, f.Stream, f.Seq)
		if err != nil {
			return err
		}
		if found {
			sum := sha256.Sum256(m.Data)
			content = m.Subject + " " + hex.EncodeToString(sum[:])
		}
		text := canonical([]any{"ers-finding/1", f.Stream, strconv.FormatUint(f.Seq, 10), f.Pipeline, strconv.FormatUint(f.Window, 10),
			strconv.Itoa(f.Run), strconv.FormatInt(f.Tick, 10), string(f.Kind), f.Message, content})
		sum := sha256.Sum256([]byte(text))
		f.ID = hex.EncodeToString(sum[:])
	}
	return nil
}

// acknowledge marks the findings that are acknowledged.
func (r *Report) acknowledge(list Acknowledged) {
	left := maps.Clone(list)
	for i := range r.Findings {
		f := &r.Findings[i]
		why, ok := list[f.ID]
		if !ok {
			continue
		}
		delete(left, f.ID)
		f.Acknowledged = why
		if !f.Known {
			r.New--
			r.Acknowledged++
		}
	}
	r.Unmatched = slices.Sorted(maps.Keys(left))
}
