package cli

import (
	"context"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// firstPiece is how many messages of ERS_WINDOW are read first, the newest. Each piece before
// them is larger than the last: who wants few windows reads few.
const firstPiece = 64

// newest reads requests of windows from the end of ERS_WINDOW backward.
type newest struct {
	bus    *bus.Bus
	filter string
	from   uint64 // nothing before it is read
	end    uint64 // nothing behind it is left to be read
	piece  uint64
}

// read returns the next piece, the newest request first; nothing when all is read.
func (n *newest) read(ctx context.Context) (list []bus.Message, err error) {
	for len(list) == 0 && n.end >= n.from {
		from := n.end - min(n.end-n.from, n.piece-1)
		for m, err := range n.bus.Read(ctx, events.StreamWindow, n.filter, from, n.end) {
			if err != nil {
				return nil, err
			}
			list = append(list, m)
		}
		n.end, n.piece = from-1, 4*n.piece
	}
	slices.Reverse(list)
	return list, nil
}

// verdicts finds the verdicts on windows. Those on many windows are read all at once.
type verdicts struct {
	bus    *bus.Bus
	filter string
	known  map[uint64]bus.Message // by window
	from   uint64                 // the first that was read; 0: none was
}

// fewWindows are so few that their verdicts are looked up one by one.
const fewWindows = 64

// read reads the verdicts on about so many windows, the newest and then those before. They are
// the last ones and then those before, since windows are judged about in the order in which
// they are asked for. What is not found there is looked up.
func (v *verdicts) read(ctx context.Context, windows uint64) error {
	if windows <= fewWindows {
		return nil
	}
	end, err := v.bus.LastSeq(ctx, events.StreamVerdict)
	if err != nil {
		return err
	}
	if v.from > 0 {
		end = v.from - 1
	} else {
		v.known = make(map[uint64]bus.Message)
		v.from = end + 1
	}
	windows = min(windows, maxListed)
	from := end + 1 - min(end, windows+windows/4)
	if from > end {
		return nil
	}
	for m, err := range v.bus.Read(ctx, events.StreamVerdict, v.filter, from, end) {
		if err != nil {
			return err
		}
		if _, _, window, err := events.ParseVerdictSubject(m.Subject); err == nil {
			v.known[window] = m
		}
	}
	v.from = from
	return nil
}

// of is what [client.VerdictSoFar] returns.
func (v *verdicts) of(ctx context.Context, key events.WindowKey) (*events.Verdict, bus.Message, error) {
	if m, ok := v.known[key.Window]; ok && m.Subject == events.VerdictSubject(outcomeOf(m), key.Pipeline, key.Window) {
		verdict, err := client.VerdictIn(key, m)
		return verdict, m, err
	}
	return client.VerdictSoFar(ctx, v.bus, key)
}

// excluded tells, of a window whose verdict is known already, that it has not come to outcome.
func (v *verdicts) excluded(request bus.Message, outcome string) bool {
	m, ok := v.known[request.Seq]
	return ok && outcome != anyOutcome && string(outcomeOf(m)) != outcome
}

func outcomeOf(m bus.Message) events.Outcome {
	outcome, _, _, _ := events.ParseVerdictSubject(m.Subject) // "" where it is none of ours
	return outcome
}
