// Package repair is what `ers repair` does after a stream was removed, restored or cut
// short: the others then name windows and positions that are not there, and services
// refuse to begin ([events.ErrShort]).
//
// Nothing is removed, changed or renumbered. ERS_WINDOW gets void requests up to the
// highest number that any stream names, so that no new window gets a number under which
// there is something already. The last of them says how the streams ended: what
// documents before it name beyond these ends is lost, and nobody waits for it.
package repair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// MaxVoid is the most void requests that a repair appends. A message that names a window
// further beyond the end of ERS_WINDOW is taken for a forged one: its number will never
// be reached.
const MaxVoid = 100_000

// Lost is what a stream names and another one does not have.
type Lost struct {
	Stream string `json:"stream"` // that is short
	Last   uint64 `json:"last"`   // its last sequence
	From   uint64 `json:"from"`   // the first and the last that are named beyond it
	To     uint64 `json:"to"`
	By     string `json:"by"` // stream that names them
}

func (l Lost) String() string {
	what := "messages"
	if l.Stream == events.StreamWindow {
		what = "requests for windows"
	}
	return fmt.Sprintf("%s ends at sequence %d: %s %d to %d, which %s names, are lost", l.Stream, l.Last, what, l.From, l.To, l.By)
}

// Report is what was found, and what was done about it.
type Report struct {
	Ends    events.Ends `json:"ends"`
	Missing []string    `json:"missing"` // streams that were not there; made anew unless only looked
	Lost    []Lost      `json:"lost"`
	Voids   int         `json:"voids"` // void requests that are needed; appended unless only looked
	Odd     []uint64    `json:"odd"`   // windows that are named and too far away to be true
}

// Needed tells whether void requests are needed.
func (r *Report) Needed() bool { return r.Voids > 0 }

// Look finds out what is lost, and changes nothing.
func Look(ctx context.Context, b *bus.Bus) (*Report, error) {
	s, err := b.Standing(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Ends: s.Ends, Missing: append([]string{}, b.Missing()...), Lost: []Lost{}, Odd: []uint64{}}
	named, err := windows(ctx, b)
	if err != nil {
		return nil, err
	}
	end := s.Window
	for by, list := range named {
		var beyond []uint64
		for _, w := range list {
			if w > s.Window+MaxVoid {
				r.Odd = append(r.Odd, w)
			} else if w > s.Window {
				beyond = append(beyond, w)
			}
		}
		if len(beyond) > 0 {
			end = max(end, slices.Max(beyond))
			r.Lost = append(r.Lost, Lost{Stream: events.StreamWindow, Last: s.Window, From: slices.Min(beyond), To: slices.Max(beyond), By: by})
		}
	}
	slices.Sort(r.Odd)
	r.Odd = slices.Compact(r.Odd)
	r.Voids = int(end - s.Window)
	err = s.Check()
	for _, err := range errs(err) {
		if short, ok := errors.AsType[*events.ShortError](err); ok && short.Stream != events.StreamWindow {
			r.Lost = append(r.Lost, Lost{Stream: short.Stream, Last: short.Last, From: short.Last + 1, To: short.Named, By: short.By})
		}
	}
	if err != nil {
		r.Voids = max(r.Voids, 1) // one says that it was looked at
	}
	slices.SortFunc(r.Lost, func(a, b Lost) int { return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.By, b.By)) })
	return r, nil
}

// errs are the errors that were joined in one, at any depth.
func errs(err error) (list []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			list = append(list, errs(err)...)
		}
		return list
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// windows returns the windows that each of the other streams names by its subjects.
func windows(ctx context.Context, b *bus.Bus) (map[string][]uint64, error) {
	parseRun := func(parse func(string) (events.RunKey, error)) func(string) (uint64, error) {
		return func(subject string) (uint64, error) {
			key, err := parse(subject)
			return key.Window, err
		}
	}
	found := make(map[string][]uint64)
	for _, of := range []struct {
		stream, filter string
		window         func(subject string) (uint64, error)
	}{
		{events.StreamTrace, events.TraceSubjects, parseRun(events.ParseTraceSubject)},
		{events.StreamDigest, events.DigestSubjects, parseRun(events.ParseDigestSubject)},
		{events.StreamVerdict, events.VerdictSubjects, func(subject string) (uint64, error) {
			_, _, window, err := events.ParseVerdictSubject(subject)
			return window, err
		}},
		{events.StreamViz, events.StabilitySubjects, func(subject string) (uint64, error) {
			_, window, err := events.ParseStabilitySubject(subject)
			return window, err
		}},
	} {
		subjects, err := b.Subjects(ctx, of.stream, of.filter)
		if errors.Is(err, bus.ErrNoStream) {
			continue // it was removed
		}
		if err != nil {
			return nil, err
		}
		for subject := range subjects {
			if window, err := of.window(subject); err == nil {
				found[of.stream] = append(found[of.stream], window)
			}
		}
	}
	return found, nil
}

// Repair appends the void requests that Look found to be needed. progress, if not nil,
// is told how many are there.
//
// Commit point: the last void request, which alone says how the streams ended. A crash
// before it leaves some that say nothing: services go on refusing, and the next repair
// finds how many are missing.
func Repair(ctx context.Context, b *bus.Bus, r *Report, progress func(done int)) error {
	reason := "a stream was removed, restored or cut short"
	if len(r.Lost) > 0 {
		reason = events.ClipReason(r.Lost[0].String())
	}
	last, err := b.Last(ctx, events.StreamWindow, events.VoidSubject)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return err
	}
	seq := last.Seq
	for done := range r.Voids {
		v := events.Void{Schema: events.VoidSchema, Reason: reason}
		if done == r.Voids-1 {
			v.Ends = r.Ends
		}
		data, err := events.Encode(&v)
		if err != nil {
			return err
		}
		if seq, err = b.Append(ctx, events.VoidSubject, seq, data); err != nil {
			return err
		}
		if progress != nil {
			progress(done + 1)
		}
	}
	return nil
}
