package events

import (
	"strings"
	"testing"
)

// A run that is handed out is read where it belongs alone, and is one of its window's or
// says why not.
func TestReadHandout(t *testing.T) {
	request := &WindowRequest{Schema: WindowSchema, Kind: Starlark, Pipeline: "p", DefinitionSHA256: someHash, ContextsSHA256: someHash,
		Runs: 5, Ticks: 2, Spread: true, Groups: []RunGroup{{ShadowOff, []int{4}, []string{"look"}}}}
	key := WindowKey{"p", 17, someHash}
	good := Handout{Schema: HandoutSchema, Kind: Starlark, Pipeline: "p", Window: 17, Run: 3, Request: someHash}
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		change  func(*Handout, *WindowRequest)
		subject string
		wrong   string
	}{
		"good":          {},
		"of a group":    {change: func(h *Handout, _ *WindowRequest) { h.Run = 4 }, wrong: "hands out its runs 0 to 3"},
		"not asked":     {change: func(_ *Handout, r *WindowRequest) { r.Spread = false }, wrong: "not handed out"},
		"other request": {change: func(h *Handout, _ *WindowRequest) { h.Request = other }, wrong: "and the run is one of 000000000000…"},
		"other kind":    {change: func(h *Handout, _ *WindowRequest) { h.Kind = "go" }, wrong: "kind go"},
		"other window":  {change: func(h *Handout, _ *WindowRequest) { h.Window = 18 }, wrong: "window 18"},
		"misplaced":     {subject: "ers.run.starlark.p.17.2", wrong: "it is of run p.17.3"},
		"no kind":       {change: func(h *Handout, _ *WindowRequest) { h.Kind = "A" }, wrong: "/kind"},
		"no pipeline":   {change: func(h *Handout, _ *WindowRequest) { h.Pipeline = "a b" }, wrong: "/pipeline"},
		"no window":     {change: func(h *Handout, _ *WindowRequest) { h.Window = 0 }, wrong: "/window"},
		"no run":        {change: func(h *Handout, _ *WindowRequest) { h.Run = MaxRuns }, wrong: "/run"},
		"no hash":       {change: func(h *Handout, _ *WindowRequest) { h.Request = "x" }, wrong: "/request"},
	} {
		h, r := good, *request
		if c.change != nil {
			c.change(&h, &r)
		}
		m := Message{Stream: StreamWindow, Seq: 20, Subject: HandoutSubject(h.Kind, h.RunKey())}
		if c.subject != "" {
			m.Subject = c.subject
		}
		data, err := Encode(&h)
		if err != nil {
			t.Fatal(err)
		}
		m.Data = data
		read, err := ReadHandout(m)
		if err == nil {
			err = read.Of(key, &r)
		}
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
}
