package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/bus"
)

// Reading the streams, and what is missing there.

// get looks up a message, which may not be there.
func (a *auditor) get(ctx context.Context, stream string, seq uint64) (m bus.Message, found bool, err error) {
	if seq == 0 {
		return m, false, nil
	}
	m, err = a.bus.Get(ctx, stream, seq)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		return m, false, nil
	}
	return m, err == nil, err
}

// part yields messages of a stream from one sequence to another; none of a stream that is missing,
// which is a finding of its own.
func (a *auditor) part(ctx context.Context, stream, filter string, from, to uint64) iter.Seq2[bus.Message, error] {
	if a.ends[stream] == 0 {
		return none
	}
	return a.bus.Read(ctx, stream, filter, from, to)
}

func none(func(bus.Message, error) bool) {}

// filter narrows the subjects of a stream to the audited window, whose number is the
// i-th token. It is "" when everything is audited.
func (a *auditor) filter(subjects string, i int) string {
	if a.Window == 0 {
		return ""
	}
	tokens := strings.Split(subjects, ".")
	tokens[i] = strconv.FormatUint(a.Window, 10)
	return strings.Join(tokens, ".")
}

// read yields the messages of a stream on filter up to its end. Without a filter,
// sequences that are missing are findings.
func (a *auditor) read(ctx context.Context, stream, filter string) iter.Seq2[bus.Message, error] {
	return func(yield func(bus.Message, error) bool) {
		end, last := a.ends[stream], uint64(0)
		if end == 0 {
			return
		}
		for m, err := range a.bus.Read(ctx, stream, filter, 1, end) {
			if err != nil {
				yield(m, err)
				return
			}
			if filter == "" && m.Seq != last+1 {
				a.missing(stream, last+1, m.Seq-1)
			}
			last = m.Seq
			a.progress(stream, m.Seq)
			if !yield(m, nil) {
				return
			}
		}
		if filter == "" && last < end {
			a.missing(stream, last+1, end)
		}
	}
}

func (a *auditor) hole(stream string, from, to uint64) {
	message := "the message was deleted or lost"
	if to > from {
		message = fmt.Sprintf("the messages from here to %d were deleted or lost", to)
	}
	a.report.add(Finding{Kind: Gap, Stream: stream, Seq: from, Run: -1, Tick: -1,
		Message: message + ": nothing is ever taken out of this stream by its services"})
}

func (a *auditor) progress(stream string, seq uint64) {
	const every = 1 << 10
	before := a.at[stream]
	a.at[stream] = max(before, seq)
	if a.Progress != nil && before/every != a.at[stream]/every {
		done := int64(0)
		for _, at := range a.at {
			done += int64(at)
		}
		a.Progress(done, a.total())
	}
}

func (a *auditor) total() (n int64) {
	for _, end := range a.ends {
		n += int64(end)
	}
	return n
}
